"""Runs work on separate threads of the manager."""
