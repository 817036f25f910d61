"""Concepts of a run: agents and processes, events, deadlocks, profiling."""
