"""Writes yMMSL files: the configuration of a run, and workflow snapshots."""
