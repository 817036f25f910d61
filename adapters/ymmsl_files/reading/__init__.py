"""Reads and merges yMMSL documents, and locates their errors."""
