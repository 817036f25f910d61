"""Wires the parts that store, find and check snapshots."""
