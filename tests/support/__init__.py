"""What several kinds of tests share: the real MUSCLE3, scenario runs, recorded bytes."""
