"""In-memory implementations of all interfaces, for unit tests and for embedding."""
