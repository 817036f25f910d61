"""What is true without any machine: pure values and rules of coupling."""

CONJOIN_IMPORT_ROOT = "conjoin-import-root:domain"
"""Marker by which `entrypoints._import_roots` recognises this file."""
