"""Tells subscribers, on a thread of its own, what happens in a run."""
