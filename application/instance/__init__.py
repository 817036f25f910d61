"""What an instance does: its life, sending, receiving, settings."""
