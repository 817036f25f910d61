"""The values and rules of coupling, without I/O."""

CONJOIN_IMPORT_ROOT = "conjoin-import-root:domain"
"""Marker by which `entrypoints._import_roots` recognises this file."""
