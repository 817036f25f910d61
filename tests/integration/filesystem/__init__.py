"""The files of a run, on a real disk."""
