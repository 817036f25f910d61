"""The services of an instance: joining and leaving, sending, receiving, settings."""
