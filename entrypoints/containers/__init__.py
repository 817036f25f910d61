"""Dependency injection containers, one per program."""
