"""Wires the task runtime."""
