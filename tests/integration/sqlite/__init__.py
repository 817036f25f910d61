"""The profile store with real files."""
