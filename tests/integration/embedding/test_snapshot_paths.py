"""Paths of snapshots that instances register: the manager touches nothing outside of its own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.tcp.manager_link import MMPClient
from conjoin import Adapters, Manager
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.identity import Reference
from tests.support.conditions import wait_until

MODEL = """
ymmsl_version: v0.2
description: One component.
models:
  single:
    description: One component.
    components:
      macro: {description: Does nothing., ports: {}, implementation: macro}
programs:
  macro: {description: Is started by hand., execution_model: manual}
"""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    (tmp_path / "run").mkdir()
    store = FilesystemSnapshotStore(tmp_path / "store")
    with Manager(MODEL, run_dir=tmp_path / "run", adapters=Adapters(snapshots=store)) as manager:
        yield manager


def registered(manager: Manager, stack: ExitStack) -> MMPClient:
    link = MMPClient("macro", manager.location, secret=manager.secret)
    stack.callback(link.close)
    link.register_instance(["tcp:127.0.0.1:1"], [])
    return link


def announce(link: MMPClient, path: Path) -> None:
    link.submit_snapshot_metadata(SnapshotMetadata(("why",), 0.0, 0.0, None, {}, True, str(path)))


def log_of(manager: Manager) -> str:
    return (manager.run_directory / "muscle3_manager.log").read_text()


def test_private_file_and_fifo_are_refused_and_the_run_goes_on(manager: Manager, tmp_path: Path):
    private = tmp_path / "private"
    private.write_text("secret")
    os.mkfifo(tmp_path / "fifo")
    own = manager.run_directory / "instances" / "macro" / "snapshots"
    with ExitStack() as stack:
        link = registered(manager, stack)
        directory = link.get_checkpoint_info().snapshot_directory
        assert directory == str(own)
        (own / "link").symlink_to(private)
        for path in (private, tmp_path / "fifo", own / "link", own / ".." / ".." / "private"):
            announce(link, path)
            refusal = f"the snapshot of instance 'macro' cannot be used: '{path}' was refused"
            wait_until(lambda refusal=refusal: refusal in log_of(manager))
        assert f"it is not a regular file below '{own}'" in log_of(manager)
        good = FilesystemSnapshotStore(own).store(Reference("macro"), 1, b"state")
        announce(link, Path(good))
        wait_until(lambda: "workflow snapshot written" in log_of(manager))
        link.deregister_instance()
    assert manager.wait().succeeded
    assert private.read_text() == "secret"
    assert not Path(good).exists()
    (stored,) = (tmp_path / "store").iterdir()
    assert stored.read_bytes() == b"state"
