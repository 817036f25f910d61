"""Starts a node agent on this machine."""
