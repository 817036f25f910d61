"""Internals of the embeddable manager: input, wiring and the end of a run."""
