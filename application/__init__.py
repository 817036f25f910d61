"""Services that make a coupled simulation run; they see the domain and interfaces only."""

CONJOIN_IMPORT_ROOT = "conjoin-import-root:application"
"""Marker by which `entrypoints._import_roots` recognises this file."""
