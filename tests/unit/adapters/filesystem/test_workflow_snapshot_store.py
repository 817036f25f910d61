"""Workflow snapshot files: names, times, and errors while writing."""

from datetime import datetime, timezone
from pathlib import Path
from threading import Event

import pytest

from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.in_memory.workflow_snapshot_format import InMemoryWorkflowSnapshotFormat
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.checkpointing.workflow_snapshot import (
    RegisteredSnapshot,
    WorkflowSnapshot,
    WorkflowSnapshotRecord,
)
from domain.identity import Reference
from tests.support.time_zones import time_zone

MACRO = Reference("macro")
FORM = InMemoryWorkflowSnapshotFormat()


def snapshot(*locations):
    snapshots = [
        RegisteredSnapshot(
            MACRO + (n,), 1, SnapshotMetadata((), 0.0, 1.0, None, {}, True, location)
        )
        for n, location in enumerate(locations)
    ]
    return WorkflowSnapshot("model", tuple(snapshots))


def snapshot_of(locations):
    snapshots = [
        RegisteredSnapshot(
            Reference(name), 1, SnapshotMetadata((), 0.0, 1.0, None, {}, True, location)
        )
        for name, location in locations.items()
    ]
    return WorkflowSnapshot("model", tuple(snapshots))


def location_of(snapshot):
    """Return the location of a snapshot, as if it were already durable."""
    return snapshot.metadata.snapshot_filename


def store_in(folder, ensure_stored=location_of, clock=None):
    return FilesystemWorkflowSnapshotStore(
        folder, ensure_stored=ensure_stored, form=FORM, clock=clock or ManualClock()
    )


def announce_all(store, *snapshots):
    """Announce workflow snapshots; return the results when all are written."""
    results = []
    for item in snapshots:
        store.announce(item, results.append)
    store.close()
    return results


def test_directory_is_not_created_before_the_first_announcement(tmp_path):
    store = store_in(tmp_path / "snapshots")
    assert store.list() == []
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_store_can_be_used_again_after_close(tmp_path):
    store = store_in(tmp_path)
    announce_all(store, snapshot("a"))
    announce_all(store, snapshot("b"))
    assert len(store.list()) == 2


@pytest.fixture
def amsterdam():
    with time_zone("Europe/Amsterdam"):
        yield


@pytest.mark.usefixtures("amsterdam")
def test_order_is_kept_when_local_time_is_set_back(tmp_path):
    clock = ManualClock(start=datetime(2026, 10, 25, 0, 50, tzinfo=timezone.utc).timestamp())
    store = store_in(tmp_path, clock=clock)
    announced = []
    for name in "abc":
        announced += announce_all(store, snapshot(name))
        clock.advance(1200)
    assert [item.location for item in store.list()] == [result.location for result in announced]


@pytest.mark.usefixtures("amsterdam")
def test_timestamps_are_unambiguous_when_local_time_is_set_back(tmp_path):
    start = datetime(2026, 10, 25, 0, 50, tzinfo=timezone.utc).timestamp()
    found = []
    for name, time in [("first", start), ("second", start + 1200)]:
        store = store_in(tmp_path / name, clock=ManualClock(start=time))
        announce_all(store, snapshot("a"))
        found += store.list()
    assert [item.taken[11:] for item in found] == ["02:50:00", "02:10:00"]
    assert [item.timestamp for item in found] == [start, start + 1200]


def test_snapshot_is_ensured_once_while_a_workflow_snapshot_names_it(tmp_path):
    ensured = []

    def ensure_stored(snapshot):
        ensured.append(location_of(snapshot))
        return ensured[-1]

    announce_all(
        store_in(tmp_path, ensure_stored),
        snapshot("a", "b"),
        snapshot("a", "c"),
        snapshot("d", "b"),
    )
    assert ensured == ["a", "b", "c", "d", "b"]


def test_directory_that_cannot_be_created_is_reported_each_time(tmp_path):
    (tmp_path / "file").touch()
    store = store_in(tmp_path / "file" / "snapshots")
    results = announce_all(store, snapshot("a"), snapshot("b"))
    assert [result.location for result in results] == ["", ""]
    assert all("Not a directory" in result.problem for result in results)


def test_missing_snapshot_is_reported_and_no_file_is_written(tmp_path):
    copier = SnapshotCopier(lambda _: InMemorySnapshotStore())
    store = store_in(tmp_path / "snapshots", copier.ensure_stored)
    (result,) = announce_all(store, snapshot("absent"))
    assert "absent" in result.problem
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("snapshot_20260102_030405.ymmsl", "2026-01-02 03:04:05"),
        ("snapshot_20260102_030405_12.ymmsl", "2026-01-02 03:04:05"),
        ("snapshot_20261399_030405.ymmsl", ""),
        ("mine.ymmsl", ""),
    ],
)
def test_time_is_taken_from_the_name_if_the_file_does_not_state_it(tmp_path, name, taken):
    record = WorkflowSnapshotRecord(description="some text")
    (tmp_path / name).write_text(FORM.dump(record))
    stored = store_in(tmp_path).read(str(tmp_path / name))
    assert (stored.taken, stored.record, stored.problem) == (taken, record, "")


def test_time_in_a_renamed_file_is_found(tmp_path):
    path = tmp_path / "mine.ymmsl"
    path.write_text(FORM.dump(WorkflowSnapshotRecord(taken="2026-01-02 03:04:05+01:00")))
    stored = store_in(tmp_path).read(str(path))
    expected = datetime(2026, 1, 2, 2, 4, 5, tzinfo=timezone.utc).timestamp()
    assert (stored.taken, stored.timestamp) == ("2026-01-02 03:04:05", expected)


def test_tenth_file_of_a_second_is_listed_after_the_ninth(tmp_path):
    names = ["snapshot_20260102_030405.ymmsl"]
    names += [f"snapshot_20260102_030405_{number}.ymmsl" for number in (2, 9, 10)]
    for name in reversed(names):
        (tmp_path / name).touch()
    assert [item.location for item in store_in(tmp_path).list()] == [
        str(tmp_path / name) for name in names
    ]


def test_directory_in_place_of_a_file_is_reported(tmp_path):
    (tmp_path / "snapshot_20260102_030405.ymmsl").mkdir()
    (stored,) = store_in(tmp_path).list()
    assert "Is a directory" in stored.problem


def test_close_gives_up_on_a_storage_that_hangs(tmp_path):
    hangs, release = Event(), Event()

    def ensure_stored(_snapshot):
        hangs.set()
        release.wait()
        return "stored"

    store = FilesystemWorkflowSnapshotStore(
        tmp_path, ensure_stored=ensure_stored, form=FORM, clock=ManualClock(), patience=0.01
    )
    ended = Event()
    store.announce(snapshot("a"), lambda _result: ended.set())
    hangs.wait()
    with pytest.raises(TimeoutError, match="has not responded"):
        store.close()
    store.close()  # does not wait again
    release.set()
    ended.wait()


def test_close_waits_as_long_as_the_storage_makes_progress(tmp_path):
    several = [str(number) for number in range(40)]

    def ensure_stored(item):
        Event().wait(0.005)  # shorter than the patience, but longer all together
        return location_of(item)

    store = FilesystemWorkflowSnapshotStore(
        tmp_path, ensure_stored=ensure_stored, form=FORM, clock=ManualClock(), patience=2
    )
    results = []
    store.announce(snapshot(*several), results.append)
    store.close()
    assert results[0].location


def test_location_that_is_not_a_valid_path_is_reported(tmp_path):
    def ensure_stored(item):
        return str(Path(location_of(item)).stat())

    results = announce_all(store_in(tmp_path, ensure_stored), snapshot("a\0b"), snapshot("a\0b"))
    assert ["null" in result.problem for result in results] == [True, True]


def test_location_that_another_instance_registered_is_checked_again(tmp_path):
    def ensure_stored(item):
        if str(item.instance) != "a":
            raise PermissionError("refused")
        return location_of(item)

    (first, second) = announce_all(
        store_in(tmp_path, ensure_stored),
        snapshot_of({"a": "there"}),
        snapshot_of({"a": "there", "b": "there"}),
    )
    assert (first.problem, second.problem) == ("", "refused")
