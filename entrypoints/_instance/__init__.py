"""Internals of the instance library: environment and wiring."""
