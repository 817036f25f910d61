"""Wires everything together, and provides the API and programs for users.

Importing this package checks that Python finds the other three packages beside it; see
`_import_roots`.
"""

import os

from entrypoints._import_roots import check_import_roots

CONJOIN_IMPORT_ROOT = "conjoin-import-root:entrypoints"
"""Marker by which `entrypoints._import_roots` recognises this file."""

check_import_roots(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
