"""The package `conjoin`, installed from its wheel."""

import importlib
import re

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MODULES = (
    "conjoin",
    "conjoin.configuration",
    "conjoin.errors",
    "conjoin.events",
    "conjoin.interfaces",
    "conjoin.testing",
)

TYPES = """
from collections.abc import Sequence
from typing_extensions import assert_type

from conjoin import Instance, Manager, Message, Operator
from conjoin.events import InstanceStatus, RunFinished
from conjoin.interfaces import Reference, SnapshotStore
from conjoin.testing import SnapshotStoreContract


def model(instance: Instance) -> None:
    assert_type(instance.reuse_instance(), bool)
    assert_type(instance.receive("in").timestamp, float)
    assert_type(instance.list_ports(), dict[Operator, list[str]])
    instance.send("out", Message(0.0, None, "data"))


def run(manager: Manager) -> None:
    assert_type(manager.wait(), RunFinished)
    assert_type(manager.wait(timeout=1.0), RunFinished | None)
    assert_type(manager.status(), list[InstanceStatus])


def check(contract: SnapshotStoreContract, store: SnapshotStore) -> None:
    assert_type(store.store(Reference("a"), 1, b""), str)
    contract.test_new_store_is_empty(store)
"""


@pytest.fixture(scope="module")
def mypy(installed, tmp_path_factory):
    """Return a function that runs mypy on a program as its author would; returns the output."""
    folder = tmp_path_factory.mktemp("mypy")

    def check(program):
        (folder / "program.py").write_text(program)
        command = ("-m", "mypy", "--strict", "program.py")
        done = installed.run(*command, cwd=folder, timeout=280)
        assert not done.stderr
        return done.stdout

    return check


def test_mypy_finds_every_public_name(mypy):
    names = {name: importlib.import_module(name).__all__ for name in MODULES}
    imports = [f"from {module} import {', '.join(names[module])}" for module in MODULES]
    # The same names are in several modules, and mypy checks that they are the same objects.
    assert mypy("\n".join(imports)).startswith("Success: no issues found")


def test_mypy_infers_the_types_of_public_names(mypy):
    assert mypy(TYPES).startswith("Success: no issues found")


def test_mypy_reports_misspelt_names_and_wrong_types(mypy):
    printed = mypy('from conjoin import Instanz, Manager\nManager("x").wait(timeout="1")\n')
    assert re.search(r'"conjoin" has no attribute "Instanz"', printed)
    assert re.search(r'No overload variant of "wait" of "Manager" matches argument type', printed)


def test_missing_pytest_is_reported(installed, tmp_path):
    program = "import sys; sys.modules['pytest'] = None; import conjoin.testing"
    done = installed.run("-c", program, cwd=tmp_path)
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: conjoin.testing needs pytest. Install it, or install Conjoin with its"
        " extra 'testing'."
    )
