"""Internals of run_simulation: Python functions that run as components."""
