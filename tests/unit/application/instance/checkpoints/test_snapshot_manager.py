"""What is stored and told when a snapshot is made, and what if that fails."""

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
    """Counts how often it was looked at."""

    def __init__(self):
        self.looks = 0
        self.restored = None

    def capture(self):
        self.looks += 1
        return CommunicatorState({"in": (self.looks,)})

    def restore(self, state):
        self.restored = state


class Manager:
    """Notes what it is told."""

    def __init__(self):
        self.told = []
        self.failures = []

    def submit_snapshot_metadata(self, metadata):
        self.told.append(metadata)

    def report_snapshot_failed(self, problem):
        self.failures.append(problem)


class Bench:
    def __init__(self, **options):
        self.exchange, self.manager = Exchange(), Manager()
        self.store, self.places = InMemorySnapshotStore(), []
        self.archive = MsgPackSnapshotRepository(self._open)
        self.log = InMemoryInstanceLog()
        self.snapshots = SnapshotManager(
            MACRO, self.manager, self.exchange, archive=self.archive, log=self.log, **options
        )

    def _open(self, place):
        self.places.append(place)
        return self.store

    @property
    def locations(self):
        return list(self.store.snapshots)

    def load(self, location):
        return self.archive.load(location)

    def put(self, snapshot):
        return self.archive.store("/before", BEFORE, 9, snapshot)

    def save(self, message=STATE, *, final=False, next_time=None):
        return self.snapshots.save_snapshot(message, final, ("t",), 2.0, next_time, OVERLAY)


@pytest.fixture
def bench():
    bench = Bench()
    assert bench.snapshots.prepare_resume(None, "/run") is None
    return bench


def test_snapshots_are_numbered_and_told_with_their_place(bench):
    bench.save()
    bench.save()
    assert bench.locations == [FIRST, SECOND]
    assert [item.snapshot_filename for item in bench.manager.told] == bench.locations
    assert set(bench.places) == {"/run"}


def test_all_that_is_needed_is_in_it(bench):
    bench.save()
    counts = CommunicatorState({"in": (1,)})
    expected = Snapshot(("t",), 2.0, False, STATE, OVERLAY, counts, "macro")
    assert bench.load(FIRST) == expected


def test_at_the_end_of_a_pass_the_state_before_receiving_ahead_counts(bench):
    bench.snapshots.note_end_of_pass()
    bench.exchange.capture()
    bench.save(final=True)
    bench.save(final=False)
    found = [bench.load(location).communicator for location in bench.locations]
    assert [state.port_message_counts["in"] for state in found] == [(1,), (3,)]


@pytest.mark.parametrize(
    ("message", "next_time", "answered"), [(STATE, None, 1.5), (STATE, 7.0, 7.0), (None, 7.0, 7.0)]
)
def test_the_time_is_told_for_which_it_answers(bench, message, next_time, answered):
    assert bench.save(message, next_time=next_time) == answered


def test_without_a_state_it_answers_for_no_time(bench):
    assert math.isnan(bench.save(None))


def test_what_cannot_be_stored_is_told_and_the_run_goes_on(bench):
    bench.store.failure = OSError("disk full")
    text = "A snapshot of 'macro' could not be stored: disk full"
    assert bench.save() == 1.5
    assert bench.log.lines == [(LogLevel.ERROR, text)]
    assert (bench.manager.told, bench.manager.failures) == ([], [text])


def test_a_state_that_is_too_large_is_told_and_the_run_goes_on(bench):
    bench.save(Message(1.5, None, bytes(2**32)))
    bench.save()
    text = "A snapshot of 'macro' could not be stored: data is larger than 4 GiB"
    ((_, line),) = bench.log.lines
    assert line.startswith(text)
    assert bench.manager.failures == [line]
    assert bench.locations == [SECOND]


def test_what_must_be_stored_ends_the_run_if_it_cannot_be():
    bench = Bench(must_store=True)
    bench.store.failure = OSError("disk full")
    with pytest.raises(SnapshotNotStored, match="could not be stored: disk full"):
        bench.save()


def resumed(snapshot, **options):
    bench = Bench(**options)
    return bench, bench.snapshots.prepare_resume(bench.put(snapshot), "/run")


@pytest.mark.parametrize("final", [True, False])
def test_a_resumed_run_goes_on_from_the_snapshot_and_stores_it_as_its_first(final):
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


def test_a_snapshot_without_a_state_has_none_to_load():
    bench, time = resumed(Snapshot((), 2.0, True, None, OVERLAY, CommunicatorState({})))
    assert math.isnan(time)
    with pytest.raises(InconsistentSnapshot, match="of 'macro' has no state of the model in it"):
        bench.snapshots.load_snapshot()


def test_whether_snapshots_can_be_stored_is_seen_at_the_start(bench):
    assert bench.places == ["/run"]


def test_a_run_from_scratch_resumes_nothing(bench):
    assert bench.snapshots.resumed is None
    assert not bench.snapshots.resuming_from_final()
    assert not bench.snapshots.resuming_from_intermediate()


def test_a_snapshot_that_does_not_fit_changes_nothing():
    def refuse(snapshot, location):
        raise InconsistentSnapshot(f"{location} does not fit")

    bench = Bench(check=refuse)
    before = bench.put(Snapshot((), 2.0, True, STATE, OVERLAY, CommunicatorState({})))
    with pytest.raises(InconsistentSnapshot, match=f"{before} does not fit"):
        bench.snapshots.prepare_resume(before, "/run")
    assert bench.exchange.restored is None
    assert bench.locations == [before]
