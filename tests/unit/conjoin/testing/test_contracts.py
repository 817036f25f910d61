"""Which contracts are shipped; tests/contract runs them for Conjoin's own adapters."""

from pathlib import Path
from typing import Protocol

import conjoin.interfaces
import conjoin.testing
from conjoin.testing._assertion_rewriting import MODULES

FOLDER = Path(conjoin.testing.__file__).parent
INTERFACES = [
    name
    for name in conjoin.interfaces.__all__
    if Protocol in getattr(getattr(conjoin.interfaces, name), "__mro__", ())
]


def test_every_public_interface_has_a_contract():
    assert INTERFACES
    assert {f"{name}Contract" for name in INTERFACES} <= set(conjoin.testing.__all__)


def test_assertions_of_all_modules_are_rewritten():
    modules = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_")}
    assert set(MODULES) == modules
