"""Checkpoints on the side of the instance: when to save, saving, and resuming."""
