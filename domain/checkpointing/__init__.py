"""Snapshots, which of them are consistent, and what can be resumed from them."""
