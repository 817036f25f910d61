"""The registry announces the newest workflow snapshot that a snapshot completes."""

import pytest

from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.in_memory.workflow_snapshot_store import InMemoryWorkflowSnapshotStore
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from application.manager.snapshots.snapshot_registry import SnapshotRegistry
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.conduits import Conduit
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import Component, Configuration, Model
from domain.model.topology import Topology

MACRO = Reference("macro")
MODEL = Model(
    Reference("model"),
    {
        MACRO: Component(MACRO, {}, Reference("p")),
        Reference("micro"): Component(Reference("micro"), {}, Reference("p"), (2,)),
    },
    (
        Conduit(Reference("macro.out"), Reference("micro.init")),
        Conduit(Reference("micro.final"), Reference("macro.in")),
    ),
)


class Bench:
    """A registry with its stores."""

    def __init__(self, folder):
        self.store = InMemorySnapshotStore()
        self.workflow_snapshots = InMemoryWorkflowSnapshotStore(
            SnapshotCopier(lambda _: self.store).ensure_stored
        )
        self.results = []
        self.registry = SnapshotRegistry(
            Configuration(MODEL, {}),
            self.workflow_snapshots,
            Topology(MODEL),
            report=self.results.append,
        )
        self._number = 0

    def register(self, instance, **counts):
        self._number += 1
        location = self.store.store(Reference(instance), self._number, b"x")
        snapshot = SnapshotMetadata(("t",), 0.0, float("nan"), None, counts, True, location)
        return self.registry.register_snapshot(Reference(instance), snapshot), location

    def register_all(self, count):
        """Register a snapshot of each at the same point; return what the last one completed."""
        self.register("macro", out=(count, count), **{"in": (count, count)})
        self.register("micro[1]", init=(count,), final=(count,))
        return self.register("micro[0]", init=(count,), final=(count,))


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_workflow_snapshot_is_announced_when_it_is_complete(bench):
    assert bench.register("macro", out=(1, 1), **{"in": (1, 1)})[0] is None
    assert bench.register("micro[1]", init=(1,), final=(1,))[0] is None
    found, location = bench.register("micro[0]", init=(1,), final=(1,))
    assert bench.workflow_snapshots.announced == [found]
    assert found.model == "model"
    assert found.resume()[Reference("micro[0]")] == location
    assert [str(item.instance) for item in found.snapshots] == ["macro", "micro[0]", "micro[1]"]
    assert [result.problem for result in bench.results] == [""]


def test_snapshot_completes_at_most_one_workflow_snapshot(bench):
    for count in range(1, 5):
        bench.register_all(count)
    assert len(bench.workflow_snapshots.announced) == 4


def test_instance_without_snapshots_starts_from_scratch(bench):
    bench.register("macro", out=(1, 0), **{"in": (1, 0)})
    found, _ = bench.register("micro[0]", init=(1,), final=(1,))
    assert found.from_scratch == (Reference("micro[1]"),)
    assert Reference("micro[1]") not in found.resume()


def test_snapshots_are_numbered_by_instance(bench):
    bench.register_all(1)
    found, _ = bench.register_all(2)
    assert [item.number for item in found.snapshots] == [2, 2, 2]


def test_snapshot_of_an_unknown_instance_is_rejected(bench):
    for name in ("unknown", "micro", "micro[2]", "macro[0]"):
        with pytest.raises(ConfigurationError, match="not an instance of this model"):
            bench.register(name)


def test_lost_snapshot_is_reported(bench):
    bench.register("macro", out=(1, 1), **{"in": (1, 1)})
    _, lost = bench.register("micro[1]", init=(1,), final=(1,))
    bench.store.remove(lost)
    bench.register("micro[0]", init=(1,), final=(1,))
    assert not bench.workflow_snapshots.announced
    assert lost in bench.results[0].problem


def test_shutdown_closes_the_store(bench):
    bench.registry.shutdown()
    assert bench.workflow_snapshots.closed
