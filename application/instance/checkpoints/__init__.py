"""Checkpointing in an instance: deciding when to save, saving, and resuming."""
