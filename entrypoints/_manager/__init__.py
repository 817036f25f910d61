"""Internals of the embeddable manager: its input, opening it, and the bridges between threads."""
