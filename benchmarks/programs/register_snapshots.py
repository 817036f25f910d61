"""Registers snapshots of a macro model and its micro models; prints the seconds.

Usage: register_snapshots.py muscle3|conjoin MICROS ROUNDS never|once|all FOLDER. MICROS 0 stands
for a single micro model without an index. The last choice is how many snapshots of a micro model
have counts that match those of a snapshot of the macro model: none, one, or all.
"""

import sys
import time
from pathlib import Path


def snapshots(micros, rounds, matching):
    """Yield names and counts of the instances, in the order of their snapshots."""
    width = max(micros, 1)
    names = [f"micro[{index}]" for index in range(micros)] or ["micro"]
    for number in range(1, rounds + 1):
        own, other = {
            "never": (4 * number + 2, 4 * number),
            "once": (number, number),
            "all": (1, 1),
        }[matching]
        for name in names:
            yield name, {"init": [other], "final": [other]}
        if matching != "all" or number == rounds:
            yield "macro", {"out": [own] * width, "in": [own] * width}


def register_with_muscle3(items, micros, folder):
    from libmuscle.manager.snapshot_registry import SnapshotRegistry
    from libmuscle.manager.topology_store import TopologyStore
    from libmuscle.snapshot import SnapshotMetadata
    from ymmsl import load_as, v0_2

    more = f", multiplicity: {micros}" if micros else ""
    text = f"""
ymmsl_version: v0.2
models:
  m:
    description: x
    components:
      macro: {{description: x, ports: {{o_i: out, s: in}}, implementation: p}}
      micro: {{description: x, ports: {{f_init: init, o_f: final}}, implementation: p{more}}}
    conduits: {{macro.out: micro.init, micro.final: macro.in}}
programs:
  p: {{description: x, executable: /bin/true}}
"""
    config = load_as(v0_2.Configuration, text)
    registry = SnapshotRegistry(config, folder, TopologyStore(config))
    start = time.perf_counter()
    registry.start()
    for name, counts in items:
        registry.register_snapshot(
            v0_2.Reference(name), SnapshotMetadata(["t"], 0.0, 0.0, None, counts, True, "f")
        )
    registry.shutdown()
    registry.join()
    return time.perf_counter() - start


def register_with_conjoin(items, micros, folder):
    from application.interfaces.workflow_snapshot_store import WorkflowSnapshotStore
    from application.manager.snapshots.snapshot_registry import SnapshotRegistry
    from domain.checkpointing.instance_snapshot import SnapshotMetadata
    from domain.coupling.conduits import Conduit
    from domain.identity import Reference
    from domain.model.configuration import Component, Configuration, Model
    from domain.model.topology import Topology

    macro, micro, program = Reference("macro"), Reference("micro"), Reference("p")
    components = {
        macro: Component(macro, {}, program),
        micro: Component(micro, {}, program, (micros,) if micros else ()),
    }
    conduits = (("macro.out", "micro.init"), ("micro.final", "macro.in"))
    model = Model(
        Reference("m"),
        components,
        tuple(Conduit(Reference(sender), Reference(receiver)) for sender, receiver in conduits),
    )

    class Nowhere(WorkflowSnapshotStore):
        """Stores nothing, so that only the registry is measured."""

        def announce(self, snapshot, report): ...
        def list(self): ...
        def read(self, location): ...
        def remove(self, location): ...
        def close(self): ...

    del folder
    registry = SnapshotRegistry(Configuration(model, {}), Nowhere(), Topology(model))
    start = time.perf_counter()
    for name, counts in items:
        numbers = {port: tuple(count) for port, count in counts.items()}
        registry.register_snapshot(
            Reference(name), SnapshotMetadata(("t",), 0.0, 0.0, None, numbers, True, "f")
        )
    registry.shutdown()
    return time.perf_counter() - start


def main():
    library, micros, rounds, matching, folder = sys.argv[1:]
    items = list(snapshots(int(micros), int(rounds), matching))
    register = register_with_muscle3 if library == "muscle3" else register_with_conjoin
    print(register(items, int(micros), Path(folder)))


if __name__ == "__main__":
    main()
