"""Stores profiles in SQLite."""
