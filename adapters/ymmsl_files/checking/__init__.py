"""Checks a configuration beyond what the ymmsl library checks."""
