"""The concepts of coupling: ports, conduits, messages, settings and timelines."""
