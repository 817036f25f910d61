"""The services of the manager, one per concern."""
