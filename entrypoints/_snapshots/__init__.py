"""Wiring of what stores, finds and checks snapshots."""
