"""The import contracts reject a forbidden import of each kind.

Imports are planted in a temporary copy of the tree, under the project's own `.importlinter`.
"""

import shutil
import subprocess
import sys
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("conjoin", "domain", "application", "adapters", "entrypoints")
LINT = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"


@dataclass(frozen=True)
class Plant:
    """An import that must be rejected.

    Attributes:
        contract: The contract that rejects it.
        module: Where it is planted: a package.
        line: The import.
    """

    contract: str
    module: str
    line: str

    def __str__(self) -> str:
        return f"{self.module}: {self.line}"


PLANTS = [
    Plant("layers", "domain", "import application.interfaces.clock"),
    Plant("layers", "domain", "import adapters.wire.frames"),
    Plant("layers", "application.interfaces", "import adapters.sqlite"),
    Plant("layers", "application.manager", "import adapters.sqlite"),
    Plant("layers", "adapters.sqlite", "import entrypoints"),
    Plant("layers", "entrypoints", "import conjoin"),
    Plant("layers", "adapters.sqlite", "import conjoin.errors"),
    Plant("public-names", "conjoin", "import adapters.sqlite"),
    Plant("public-names", "conjoin", "import application.manager"),
    Plant("public-names", "conjoin.testing", "import adapters.filesystem"),
    Plant("services-apart", "application.manager", "import application.instance"),
    Plant("services-apart", "application.instance", "import application.manager"),
    Plant("services-apart", "application.interfaces", "import application.manager"),
    Plant("services-apart", "application.manager", "import application.nodes.agent_manager"),
    Plant("services-apart", "application.nodes", "import application.manager.run_control"),
    Plant("services-apart", "application.interfaces", "import application.nodes"),
    Plant("adapters-and-services", "adapters.tcp", "import application.manager"),
    Plant("adapters-and-services", "adapters.wire", "import application.instance"),
    Plant("adapters-apart", "adapters.sqlite", "import adapters.filesystem.last_lines"),
    Plant("adapters-apart", "adapters.wire", "import adapters.tcp"),
    Plant("adapters-apart", "adapters.slurm", "import adapters.processes"),
    Plant("pure-domain", "domain", "import threading"),
    Plant("pure-domain", "domain", "import time"),
    Plant("pure-domain", "domain", "from os import path"),
    Plant("pure-domain", "domain", "import structlog"),
    Plant("services-without-io", "application.manager", "import socket"),
    Plant("services-without-io", "application.instance", "from time import sleep"),
    Plant("services-without-io", "application.interfaces", "import msgpack"),
    Plant("services-without-io", "application.manager", "import threading"),
    Plant("services-without-io", "application.manager", "import asyncio"),
    Plant("services-without-io", "application.runtime", "import threading"),
    Plant("services-without-io", "application.nodes", "import subprocess"),
    Plant("services-without-io", "application.manager", "from datetime import datetime"),
    Plant("services-without-io", "application.instance", "import http.client"),
    Plant("services-without-io", "application.instance", "from _thread import allocate_lock"),
    Plant("services-without-io", "application.agent", "from urllib import request"),
    Plant("services-without-io", "application.agent", "import queue"),
    Plant("wire-without-io", "adapters.wire", "import socket"),
    Plant("wire-without-io", "adapters.wire", "def late():\n    import logging"),
    Plant("light-instance", "application.instance", "import structlog"),
    Plant("pure-domain", "domain", "import fsspec"),
    Plant("home-of-cryptography", "adapters.tcp", "import cryptography"),
    Plant("home-of-fsspec", "adapters.filesystem", "import fsspec"),
    Plant("home-of-msgpack", "adapters.tcp", "import msgpack"),
    Plant("home-of-numpy", "domain", "import numpy"),
    Plant("home-of-paramiko", "adapters.local_agents", "import paramiko"),
    Plant("home-of-psutil", "adapters.sqlite", "import psutil"),
    Plant("home-of-pytest", "adapters.sqlite", "import pytest"),
    Plant("home-of-pytest", "conjoin", "import pytest"),
    Plant("home-of-rich", "adapters.terminal", "import rich"),
    Plant("home-of-rich", "entrypoints", "import rich.console"),
    Plant("home-of-sqlite3", "adapters.filesystem", "import sqlite3"),
    Plant("home-of-ymmsl", "entrypoints", "import ymmsl"),
    Plant("home-of-ymmsl", "adapters.filesystem", "import yaml"),
    Plant("home-of-wiring", "adapters.tcp", "import dependency_injector"),
    Plant("home-of-wiring", "entrypoints", "import dependency_injector"),
    Plant("home-of-cloudpickle", "adapters.tcp", "import cloudpickle"),
    Plant("home-of-cloudpickle", "entrypoints", "import cloudpickle"),
    Plant("home-of-cloudpickle", "adapters.embedded", "import tblib.pickling_support"),
    Plant("home-of-mmap", "adapters.embedded", "import mmap"),
    Plant("home-of-zmq", "adapters.embedded", "import zmq"),
    Plant("adapters-apart", "adapters.embedded", "import adapters.zeromq.context"),
    Plant("no-cycles", "domain", "import domain.other_planted"),
]


def test_every_import_contract_has_a_planted_violation():
    contracts = ConfigParser()
    contracts.read(REPOSITORY / ".importlinter")
    names = {name.rpartition(":")[2] for name in contracts.sections() if ":contract:" in name}
    assert names == {plant.contract for plant in PLANTS}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Copy the linted packages; their imports are parsed and never executed."""
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(
            REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(REPOSITORY / ".importlinter", folder)
    return folder


def lint(tree, *arguments):
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
    )


def test_packages_keep_all_import_contracts(tree):
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_planted_import_is_rejected(tree, plant):
    folder = tree.joinpath(*plant.module.split("."))
    planted = folder / "planted.py"
    other = folder / "other_planted.py"
    planted.write_text(plant.line + "\n")
    other.write_text(f"import {plant.module}.planted\n")
    try:
        done = lint(tree, "--contract", plant.contract)
    finally:
        planted.unlink()
        other.unlink()
    assert done.returncode == 1, done.stdout
    assert "planted" in done.stdout
