"""Starts, watches and ends processes on a node."""
