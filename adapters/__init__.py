"""One folder per technology; each implements interfaces of the application."""

CONJOIN_IMPORT_ROOT = "conjoin-import-root:adapters"
"""Marker by which `entrypoints._import_roots` recognises this file."""
