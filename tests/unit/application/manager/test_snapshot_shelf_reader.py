"""Which workflow snapshots are sound, which is resumed from, and which are removed."""

import pytest

from adapters.in_memory.snapshot_store import InMemorySnapshotStore, InMemoryWorkflowSnapshotShelf
from adapters.wire.snapshot_archive import MsgPackSnapshotArchive
from application.manager.resume_choice import choose_given, choose_newest
from application.manager.snapshot_shelf_reader import SnapshotShelfReader
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from domain.messages import Message
from domain.settings import Settings
from domain.snapshots import CommunicatorState, Snapshot, StoredState, WorkflowSnapshot

MACRO, MICRO = Reference("macro"), Reference("micro[0]")


class Bench:
    """The snapshots of a run, in memory: one store for each instance."""

    def __init__(self, folder):
        self.stores = {MACRO: InMemorySnapshotStore(folder), MICRO: InMemorySnapshotStore(folder)}
        self.everything = InMemorySnapshotStore(folder)
        for store in self.stores.values():
            store.snapshots = SharedPart(self.everything.snapshots)
        self.shelf = InMemoryWorkflowSnapshotShelf(self.everything)
        self.archive = MsgPackSnapshotArchive(lambda _: self.everything)
        self.reader = SnapshotShelfReader(
            self.shelf,
            archive=self.archive,
            store=self.everything,
            instances=list(self.stores.values()),
        )

    def save(self, instance, number, *, whose=None):
        name = str(whose or instance)
        state = Message(float(number), None, number)
        snapshot = Snapshot(
            ("t",), 2.0, False, state, Settings(), CommunicatorState({}), instance=name
        )
        location = MsgPackSnapshotArchive(lambda _: self.stores[instance]).store(
            None, instance, number, snapshot
        )
        return StoredState(instance, number, snapshot.metadata(location))

    def announce(self, *numbers, model="m", **options):
        for number in numbers:
            states = tuple(self.save(name, number, **options) for name in self.stores)
            self.shelf.announce(WorkflowSnapshot(model, states), lambda report: None)
        return self.shelf.list()[-1]

    def damage(self, shelved, instance=MACRO):
        location = shelved.resume[instance]
        self.everything.snapshots[location] = self.everything.snapshots[location][:-1]


class SharedPart(dict):
    """A store's snapshots, which are found among all others as well."""

    def __init__(self, everything):
        super().__init__()
        self._everything = everything

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self._everything[key] = value


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def locations(found):
    return [item.location for item in found]


def test_what_is_kept_is_described(bench):
    bench.announce(1)
    (found,) = bench.reader.newest_first()
    assert (found.model, found.triggers, found.problems) == ("m", ("t",), ())
    assert [(state.instance, state.timestamp) for state in found.states] == [
        (MACRO, 1.0),
        (MICRO, 1.0),
    ]
    assert found.size == sum(map(len, bench.everything.snapshots.values()))


def test_what_is_damaged_is_named(bench):
    shelved = bench.announce(1)
    bench.damage(shelved)
    (found,) = bench.reader.newest_first()
    assert not found.is_sound
    assert shelved.resume[MACRO] in found.problems[0]


def test_a_snapshot_of_another_instance_is_not_sound(bench):
    bench.announce(1, whose="macro")
    (found,) = bench.reader.newest_first()
    assert "is one of 'macro', not of 'micro[0]'" in found.problems[0]


def test_the_newest_sound_one_is_chosen_and_what_is_passed_over_is_told(bench):
    bench.announce(1, 2)
    bench.damage(bench.announce(3))
    choice = choose_newest([bench.reader], model="m", where="here")
    assert choice.snapshot.location == bench.shelf.list()[1].location
    assert bench.shelf.list()[2].location in choice.warnings()[0]


def test_those_of_another_model_are_not_chosen(bench):
    bench.announce(1, model="other")
    with pytest.raises(InconsistentSnapshot, match="no workflow snapshot of model 'm' here"):
        choose_newest([bench.reader], model="m", where="here")
    assert choose_newest([bench.reader], model="m", where="here", any_model=True)


def test_where_all_are_damaged_that_is_said_of_each(bench):
    bench.announce(1, 2)
    for shelved in bench.shelf.list():
        bench.damage(shelved)
    with pytest.raises(InconsistentSnapshot) as raised:
        choose_newest([bench.reader], model="m", where="here")
    assert all(f"- '{item.location}': " in str(raised.value) for item in bench.shelf.list())


def test_a_damaged_one_that_was_asked_for_is_refused_with_an_older_one(bench):
    older = bench.announce(1)
    damaged = bench.announce(2)
    bench.announce(3)
    bench.damage(damaged)
    with pytest.raises(InconsistentSnapshot, match=f"that is sound is '{older.location}'"):
        choose_given(damaged.location, bench.reader)
    bench.damage(older)
    with pytest.raises(InconsistentSnapshot, match="There is no older one"):
        choose_given(damaged.location, bench.reader)


def test_pruning_removes_what_is_old_and_not_needed(bench):
    bench.announce(1, 2, 3)
    not_announced_yet = bench.save(MACRO, 4).snapshot.snapshot_filename
    first, second, third = bench.shelf.list()
    done = bench.reader.prune(keep=2)
    assert list(done.workflow_snapshots) == [first.location]
    assert set(done.states) == set(first.resume.values())
    assert (done.kept, done.size > 0) == (2, True)
    assert set(bench.everything.snapshots) == {
        *second.resume.values(),
        *third.resume.values(),
        not_announced_yet,
    }


def test_pruning_keeps_so_many_that_are_sound(bench):
    bench.announce(1, 2)
    bench.damage(bench.announce(3))
    done = bench.reader.prune(keep=1)
    assert (len(done.workflow_snapshots), done.kept) == (1, 2)
    assert [item.is_sound for item in bench.reader.newest_first()] == [False, True]


def test_pruning_removes_nothing_where_too_few_are_sound(bench):
    bench.announce(1)
    bench.damage(bench.announce(2))
    done = bench.reader.prune(keep=2)
    assert (done.workflow_snapshots, done.states, done.kept) == ((), (), 2)
    assert len(bench.everything.snapshots) == 4


def test_all_cannot_be_removed(bench):
    with pytest.raises(ValueError, match="at least 1"):
        bench.reader.prune(keep=0)
