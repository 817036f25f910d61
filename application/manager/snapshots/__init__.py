"""Snapshots in the manager: when to save, what to announce, what to resume from."""
