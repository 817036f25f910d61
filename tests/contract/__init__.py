"""Contract tests: one contract per interface, for every adapter, including in-memory ones."""
