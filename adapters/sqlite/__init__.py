"""Keeps profiles in SQLite."""
