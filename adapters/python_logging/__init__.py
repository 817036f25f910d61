"""Python's own logging, as models use it."""
