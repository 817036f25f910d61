"""Contract tests: one contract per interface, run for every adapter, including in-memory ones."""
