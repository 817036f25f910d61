"""Coupled simulations to run, to read, and to adapt."""
