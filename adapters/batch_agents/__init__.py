"""Starts the agents of a batch job, one on each of its nodes, with a single command."""
