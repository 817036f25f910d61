"""Saving snapshots, failures while saving, and resuming."""

import math

import pytest

from adapters.in_memory.instance_log import InMemoryInstanceLog
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from application.instance.checkpoints.snapshot_manager import SnapshotManager
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.errors import InconsistentSnapshot, SnapshotNotStored
from domain.identity import Reference
from domain.running.log_levels import LogLevel

MACRO = Reference("macro")
STATE = Message(1.5, None, "state")
OVERLAY = Settings({"a": 1})
BEFORE = Reference("before")
FIRST, SECOND = "in_memory:macro_1.pack", "in_memory:macro_2.pack"


class Exchange:
    """Counts how often its state is captured."""

    def __init__(self):
        self.captures = 0
        self.restored = None

    def capture(self):
        self.captures += 1
        return CommunicatorState({"in": (self.captures,)})

    def restore(self, state):
        self.restored = state


class Manager:
    """Records what the instance reports."""

    def __init__(self):
        self.registered = []
        self.failures = []

    def submit_snapshot_metadata(self, metadata):
        self.registered.append(metadata)

    def report_snapshot_failed(self, problem):
        self.failures.append(problem)


class Bench:
    def __init__(self, **options):
        self.exchange, self.manager = Exchange(), Manager()
        self.store, self.opened = InMemorySnapshotStore(), []
        self.repository = MsgPackSnapshotRepository(self._open)
        self.log = InMemoryInstanceLog()
        self.snapshots = SnapshotManager(
            MACRO, self.manager, self.exchange, repository=self.repository, log=self.log, **options
        )

    def _open(self, location):
        self.opened.append(location)
        return self.store

    @property
    def locations(self):
        return list(self.store.snapshots)

    def load(self, location):
        return self.repository.load(location)

    def put(self, snapshot):
        return self.repository.add("/before", BEFORE, 9, snapshot)

    def save(self, message=STATE, *, final=False, next_time=None):
        return self.snapshots.save_snapshot(message, final, ("t",), 2.0, next_time, OVERLAY)


@pytest.fixture
def bench():
    bench = Bench()
    assert bench.snapshots.prepare_resume(None, "/run") is None
    return bench


def test_snapshots_are_numbered_and_registered_with_their_location(bench):
    bench.save()
    bench.save()
    assert bench.locations == [FIRST, SECOND]
    assert [item.snapshot_filename for item in bench.manager.registered] == bench.locations
    assert set(bench.opened) == {"/run"}


def test_stored_snapshot_is_complete(bench):
    bench.save()
    counts = CommunicatorState({"in": (1,)})
    expected = Snapshot(("t",), 2.0, False, STATE, OVERLAY, counts, "macro")
    assert bench.load(FIRST) == expected


def test_final_snapshot_has_the_state_before_receiving_ahead(bench):
    bench.snapshots.note_end_of_pass()
    bench.exchange.capture()
    bench.save(final=True)
    bench.save(final=False)
    found = [bench.load(location).communicator for location in bench.locations]
    assert [state.port_message_counts["in"] for state in found] == [(1,), (3,)]


@pytest.mark.parametrize(
    ("message", "next_time", "covered"), [(STATE, None, 1.5), (STATE, 7.0, 7.0), (None, 7.0, 7.0)]
)
def test_save_snapshot_returns_the_time_it_covers(bench, message, next_time, covered):
    assert bench.save(message, next_time=next_time) == covered


def test_snapshot_without_a_state_covers_no_time(bench):
    assert math.isnan(bench.save(None))


def test_storage_failure_is_logged_and_reported_and_does_not_raise(bench):
    bench.store.failure = OSError("disk full")
    text = "A snapshot of 'macro' could not be stored: disk full (number 1, in '/run')"
    assert bench.save() == 1.5
    assert bench.log.lines == [(LogLevel.ERROR, text)]
    assert (bench.manager.registered, bench.manager.failures) == ([], [text])


def test_state_that_is_too_large_is_logged_and_does_not_raise(bench):
    bench.save(Message(1.5, None, bytes(2**32)))
    bench.save()
    text = "A snapshot of 'macro' could not be stored: data is larger than 4 GiB"
    ((_, line),) = bench.log.lines
    assert line.startswith(text)
    assert bench.manager.failures == [line]
    assert bench.locations == [SECOND]


def test_storage_failure_raises_if_snapshots_must_be_stored():
    bench = Bench(must_store=True)
    bench.store.failure = OSError("disk full")
    with pytest.raises(SnapshotNotStored, match="could not be stored: disk full"):
        bench.save()


@pytest.mark.parametrize("path", [None, "/run/snapshots/macro_1.pack"])
def test_storage_failure_names_the_snapshot_even_if_the_error_has_no_path(path):
    bench = Bench(must_store=True)
    bench.snapshots.prepare_resume(None, "/run/snapshots")
    bench.store.failure = OSError(28, "disk full", path)
    with pytest.raises(SnapshotNotStored) as caught:
        bench.save()
    assert str(caught.value).count("/run/snapshots") == 1


def resumed(snapshot, **options):
    bench = Bench(**options)
    return bench, bench.snapshots.prepare_resume(bench.put(snapshot), "/run")


@pytest.mark.parametrize("final", [True, False])
def test_resumed_snapshot_is_restored_and_stored_as_the_first(final):
    counts = CommunicatorState({"in": (5,)})
    snapshot = Snapshot(("t",), 2.0, final, STATE, OVERLAY, counts)
    bench, time = resumed(snapshot)
    assert time == 1.5
    assert bench.exchange.restored == counts
    assert bench.load(FIRST) == snapshot._replace(instance="macro")
    assert bench.snapshots.load_snapshot() == STATE
    assert bench.snapshots.resuming_from_final() is final
    assert bench.snapshots.resuming_from_intermediate() is not final
    bench.save()
    assert SECOND in bench.locations


def test_loading_a_snapshot_without_a_state_is_an_error():
    bench, time = resumed(Snapshot((), 2.0, True, None, OVERLAY, CommunicatorState({})))
    assert math.isnan(time)
    with pytest.raises(InconsistentSnapshot, match="of 'macro' has no state of the model"):
        bench.snapshots.load_snapshot()


def test_store_is_checked_at_the_start(bench):
    assert bench.opened == ["/run"]


def test_run_from_scratch_restores_no_snapshot(bench):
    assert bench.snapshots.resumed is None
    assert not bench.snapshots.resuming_from_final()
    assert not bench.snapshots.resuming_from_intermediate()


def test_rejected_snapshot_changes_nothing():
    def refuse(snapshot, location):
        raise InconsistentSnapshot(f"{location} does not fit")

    bench = Bench(check=refuse)
    before = bench.put(Snapshot((), 2.0, True, STATE, OVERLAY, CommunicatorState({})))
    with pytest.raises(InconsistentSnapshot, match=f"{before} does not fit"):
        bench.snapshots.prepare_resume(before, "/run")
    assert bench.exchange.restored is None
    assert bench.locations == [before]
