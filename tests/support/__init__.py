"""Helpers shared by several kinds of tests: the real MUSCLE3, scenario runs, recorded bytes."""
