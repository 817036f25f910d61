"""The snapshots of a run, in memory."""

from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.in_memory.workflow_snapshot_store import InMemoryWorkflowSnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from application.manager.snapshots.run_snapshots import RunSnapshots
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.checkpointing.workflow_snapshot import RegisteredSnapshot, WorkflowSnapshot
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
        self.workflow_snapshots = InMemoryWorkflowSnapshotStore(
            SnapshotCopier(lambda _: self.everything).ensure_stored
        )
        self.run = RunSnapshots(
            self.workflow_snapshots,
            repository=MsgPackSnapshotRepository(lambda _: self.everything),
            open_store=lambda _: self.everything,
            stores=list(self.stores.values()),
        )

    def save(self, instance, number, *, whose=None):
        name = str(whose or instance)
        state = Message(float(number), None, number)
        snapshot = Snapshot(
            ("t",), 2.0, False, state, Settings(), CommunicatorState({}), instance=name
        )
        repository = MsgPackSnapshotRepository(lambda _: self.stores[instance])
        location = repository.add(None, instance, number, snapshot)
        return RegisteredSnapshot(instance, number, snapshot.metadata(location))

    def announce(self, *numbers, model="m", **options):
        for number in numbers:
            snapshots = tuple(self.save(name, number, **options) for name in self.stores)
            self.workflow_snapshots.announce(
                WorkflowSnapshot(model, snapshots), lambda result: None
            )
        return self.workflow_snapshots.list()[-1]

    def damage(self, stored, instance=MACRO):
        location = stored.resume[instance]
        self.everything.snapshots[location] = self.everything.snapshots[location][:-1]


class SharedPart(dict):
    """The snapshots of one store, which are added to a common dictionary too."""

    def __init__(self, everything):
        super().__init__()
        self._everything = everything

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self._everything[key] = value
