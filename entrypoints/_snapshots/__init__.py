"""Wires the services and adapters that store, find and check snapshots."""
