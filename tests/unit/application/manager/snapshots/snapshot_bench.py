"""The snapshots of a run, in memory."""

from adapters.in_memory.snapshot_store import InMemorySnapshotStore, InMemoryWorkflowSnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from application.manager.snapshots.run_snapshots import RunSnapshots
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from domain.checkpointing.instance_snapshot import (
    CommunicatorState,
    RegisteredSnapshot,
    Snapshot,
    WorkflowSnapshot,
)
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.identity import Reference

MACRO, MICRO = Reference("macro"), Reference("micro[0]")


class Bench:
    """The snapshots of a run, in memory: one store for each instance."""

    def __init__(self):
        self.stores = {MACRO: InMemorySnapshotStore(), MICRO: InMemorySnapshotStore()}
        self.everything = InMemorySnapshotStore()
        for store in self.stores.values():
            store.snapshots = SharedPart(self.everything.snapshots)
        self.shelf = InMemoryWorkflowSnapshotStore(
            SnapshotCopier(lambda _: self.everything).ensure_stored
        )
        self.archive = MsgPackSnapshotRepository(lambda _: self.everything)
        self.reader = RunSnapshots(
            self.shelf,
            archive=self.archive,
            open_store=lambda _: self.everything,
            stores=list(self.stores.values()),
        )

    def save(self, instance, number, *, whose=None):
        name = str(whose or instance)
        state = Message(float(number), None, number)
        snapshot = Snapshot(
            ("t",), 2.0, False, state, Settings(), CommunicatorState({}), instance=name
        )
        location = MsgPackSnapshotRepository(lambda _: self.stores[instance]).store(
            None, instance, number, snapshot
        )
        return RegisteredSnapshot(instance, number, snapshot.metadata(location))

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
