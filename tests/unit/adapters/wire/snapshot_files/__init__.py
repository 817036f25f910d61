"""Snapshots that the real MUSCLE3 made."""
