"""Reads and merges yMMSL documents, with the places of errors."""
