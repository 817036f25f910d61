"""Coupled simulations to run, read and start your own from."""
