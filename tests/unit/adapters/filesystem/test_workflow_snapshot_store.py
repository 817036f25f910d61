"""Workflow snapshots as files: when they are written, and what if they cannot be."""

from datetime import datetime, timezone

import pytest

from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.in_memory.workflow_snapshot_format import InMemoryWorkflowSnapshotFormat
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from domain.checkpointing.instance_snapshot import (
    RegisteredSnapshot,
    SnapshotMetadata,
    WorkflowSnapshot,
)
from domain.identity import Reference
from tests.support.time_zones import time_zone

MACRO = Reference("macro")
FORM = InMemoryWorkflowSnapshotFormat()


def snapshot(*locations):
    states = [
        RegisteredSnapshot(
            MACRO + (n,), 1, SnapshotMetadata((), 0.0, 1.0, None, {}, True, location)
        )
        for n, location in enumerate(locations)
    ]
    return WorkflowSnapshot("model", tuple(states))


def where_it_is(state):
    """Trust whoever has stored a snapshot."""
    return state.snapshot.snapshot_filename


def shelf_in(folder, keep=where_it_is, clock=None):
    return FilesystemWorkflowSnapshotStore(
        folder, keep=keep, form=FORM, clock=clock or ManualClock()
    )


def announce_all(shelf, *snapshots):
    """Announce; return the reports when all has been done."""
    reports = []
    for item in snapshots:
        shelf.announce(item, reports.append)
    shelf.close()
    return reports


def test_nothing_is_made_before_there_is_something_to_announce(tmp_path):
    shelf = shelf_in(tmp_path / "shelf")
    assert shelf.list() == []
    shelf.close()
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_used_again_after_it_was_closed(tmp_path):
    shelf = shelf_in(tmp_path)
    announce_all(shelf, snapshot("a"))
    announce_all(shelf, snapshot("b"))
    assert len(shelf.list()) == 2


@pytest.fixture
def amsterdam():
    with time_zone("Europe/Amsterdam"):
        yield


@pytest.mark.usefixtures("amsterdam")
def test_they_stay_in_order_when_the_local_time_goes_back(tmp_path):
    clock = ManualClock(start=datetime(2026, 10, 25, 0, 50, tzinfo=timezone.utc).timestamp())
    shelf = shelf_in(tmp_path, clock=clock)
    announced = []
    for name in "abc":
        announced += announce_all(shelf, snapshot(name))
        clock.advance(1200)
    assert [item.location for item in shelf.list()] == [report.location for report in announced]


@pytest.mark.usefixtures("amsterdam")
def test_when_the_local_time_has_gone_back_the_moment_tells_which_run_was_later(tmp_path):
    start = datetime(2026, 10, 25, 0, 50, tzinfo=timezone.utc).timestamp()
    found = []
    for name, moment in [("first", start), ("second", start + 1200)]:
        shelf = shelf_in(tmp_path / name, clock=ManualClock(start=moment))
        announce_all(shelf, snapshot("a"))
        found += shelf.list()
    assert [item.taken[11:] for item in found] == ["02:50:00", "02:10:00"]
    assert [item.moment for item in found] == [start, start + 1200]


def test_each_snapshot_is_made_safe_once_while_it_is_named(tmp_path):
    kept = []

    def keep(state):
        kept.append(where_it_is(state))
        return kept[-1]

    announce_all(
        shelf_in(tmp_path, keep), snapshot("a", "b"), snapshot("a", "c"), snapshot("d", "b")
    )
    assert kept == ["a", "b", "c", "d", "b"]


def test_a_directory_that_cannot_be_made_is_told_each_time(tmp_path):
    (tmp_path / "file").touch()
    shelf = shelf_in(tmp_path / "file" / "shelf")
    reports = announce_all(shelf, snapshot("a"), snapshot("b"))
    assert [report.location for report in reports] == ["", ""]
    assert all("Not a directory" in report.problem for report in reports)


def test_a_missing_snapshot_is_told_and_no_file_is_made(tmp_path):
    shelf = shelf_in(
        tmp_path / "shelf", SnapshotCopier(lambda _: InMemorySnapshotStore()).ensure_stored
    )
    (report,) = announce_all(shelf, snapshot("absent"))
    assert "absent" in report.problem
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("snapshot_20260102_030405.ymmsl", "2026-01-02 03:04:05"),
        ("snapshot_20260102_030405_12.ymmsl", "2026-01-02 03:04:05"),
        ("mine.ymmsl", ""),
    ],
)
def test_the_name_tells_when_it_was_taken(tmp_path, name, taken):
    (tmp_path / name).write_text(FORM.dump("what it is", {}))
    shelved = shelf_in(tmp_path).read(str(tmp_path / name))
    assert (shelved.taken, shelved.description, shelved.problem) == (taken, "what it is", "")


def test_the_tenth_of_one_second_comes_after_the_ninth(tmp_path):
    names = ["snapshot_20260102_030405.ymmsl"]
    names += [f"snapshot_20260102_030405_{number}.ymmsl" for number in (2, 9, 10)]
    for name in reversed(names):
        (tmp_path / name).touch()
    assert [item.location for item in shelf_in(tmp_path).list()] == [
        str(tmp_path / name) for name in names
    ]


def test_a_directory_in_the_place_of_a_file_is_told(tmp_path):
    (tmp_path / "snapshot_20260102_030405.ymmsl").mkdir()
    (shelved,) = shelf_in(tmp_path).list()
    assert "Is a directory" in shelved.problem
