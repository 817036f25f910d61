"""Notifies subscribers of the events of a run, on a separate thread."""
