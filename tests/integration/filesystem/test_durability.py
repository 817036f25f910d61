"""Snapshots on a full or read-only disk, and snapshots whose writer is stopped."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from tests.integration.filesystem.snapshot_writer import (
    MACRO,
    NEW,
    STOPPED,
    workflow_snapshot,
    workflow_store_in,
)
from tests.support.mounts import as_root, read_only, small_disk

OLD = b"old" * 10
WRITER = "tests.integration.filesystem.snapshot_writer"
REPOSITORY = Path(__file__).resolve().parents[3]
MAX_STEPS = 20


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "half", "after"])
@pytest.mark.parametrize("has_old", [False, True])
def test_stopped_writer_leaves_the_old_or_the_new_snapshot(tmp_path, moment, has_old):
    outcomes = []
    for step in range(1, MAX_STEPS):
        folder = tmp_path / str(step)
        store = FilesystemSnapshotStore(folder)
        folder.mkdir()
        if has_old:
            store.store(MACRO, 1, OLD)
        has_ended = write_and_stop(folder, step, moment, "snapshot")
        outcomes.append([store.load(location) for location in store.locations()])
        if has_ended:
            break
        store.remove_leftovers()
        store.store(MACRO, 1, NEW)
        assert [path.name for path in folder.iterdir()] == ["macro_1.pack"]
    else:
        pytest.fail("the writer never ended")
    before = [OLD] if has_old else []
    assert outcomes[0] == before
    assert outcomes[-1] == [NEW]
    assert all(outcome in (before, [NEW]) for outcome in outcomes)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "half", "after"])
def test_stopped_writer_leaves_a_complete_workflow_snapshot_or_none(tmp_path, moment):
    outcomes = []
    for step in range(1, MAX_STEPS):
        folder = tmp_path / str(step)
        store = FilesystemSnapshotStore(folder)
        announce(folder, store, 1)
        store.store(MACRO, 2, NEW)
        has_ended = write_and_stop(folder, step, moment, "workflow_snapshot")
        found = workflow_store_in(folder).list()
        assert not any(item.problem for item in found)
        outcomes.append([Path(item.resume[MACRO]).name for item in found])
        if has_ended:
            break
        announce(folder, store, 3)  # the leftovers do not block the next one
        assert workflow_store_in(folder).list()[-1].resume == workflow_snapshot(folder, 3).resume()
    else:
        pytest.fail("the writer never ended")
    assert outcomes[0] == ["macro_1.pack"]
    assert outcomes[-1] == ["macro_1.pack", "macro_2.pack"]
    assert all(outcome in (outcomes[0], outcomes[-1]) for outcome in outcomes)


def announce(folder, store, number):
    """Announce a workflow snapshot, and store the snapshot that it names."""
    store.store(MACRO, number, OLD)
    workflow_snapshots = workflow_store_in(folder)
    workflow_snapshots.announce(workflow_snapshot(folder, number), lambda result: None)
    workflow_snapshots.close()


def write_and_stop(folder, step, moment, what):
    """Run the writer, and stop it at a step; return whether it ended before that."""
    command = [sys.executable, "-m", WRITER, str(folder), str(step), moment, what]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, timeout=60)
    assert done.returncode in (0, STOPPED)
    return done.returncode == 0


@as_root
def test_full_disk_keeps_old_snapshots_and_no_partial_new_one(tmp_path):
    with small_disk(tmp_path / "small", size="64k") as folder:
        store = FilesystemSnapshotStore(folder)
        location = store.store(MACRO, 1, OLD)
        for number in (1, 2):
            with pytest.raises(OSError, match="No space left") as caught:
                store.store(MACRO, number, bytes(200_000))
            assert caught.value.errno == errno.ENOSPC
        assert store.locations() == [location]
        assert store.load(location) == OLD
        assert len(list(folder.iterdir())) == 1
        assert store.load(store.store(MACRO, 2, OLD)) == OLD


@as_root
def test_read_only_directory_keeps_old_snapshots_readable(tmp_path):
    folder = tmp_path / "snapshots"
    store = FilesystemSnapshotStore(folder)
    location = store.store(MACRO, 1, OLD)
    with read_only(folder):
        with pytest.raises(OSError, match="Read-only"):
            store.store(MACRO, 2, NEW)
        with pytest.raises(OSError, match="Read-only"):
            store.store(MACRO, 1, NEW)
        assert store.load(location) == OLD
        assert store.locations() == [location]
        store.secure(location)
