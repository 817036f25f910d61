"""Writes the shell scripts that start programs."""
