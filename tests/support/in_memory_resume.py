"""Runs of scenarios with checkpoints in this process, and runs resumed from their snapshots.

Each instance is a thread that runs ``saving_component.py``. They communicate in memory, and
snapshots are encoded as in files. A run takes milliseconds, so that tests can resume from every
workflow snapshot.
"""

import importlib
import math
import os
import random
import re
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from types import ModuleType
from typing import TypeAlias

from adapters.in_memory.instance_log import InMemoryInstanceLog
from adapters.in_memory.manager_link import InMemoryManagerLink, LockedDesk
from adapters.in_memory.model_threads import InMemoryModelThreads
from adapters.in_memory.peer_transport import InMemoryNetwork, InMemoryPeerTransport
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.snapshot_files.msgpack_snapshot import MsgPackSnapshot
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from adapters.system.clock import SystemClock
from adapters.ymmsl_files.source import YmmslConfigurationSource
from application.instance.arrival import Surroundings, join
from application.interfaces.clock import Clock
from domain.checkpointing.instance_snapshot import SnapshotMetadata, snapshot_name
from domain.checkpointing.workflow_snapshot import WorkflowSnapshot
from domain.checkpointing.workflow_snapshot_search import WorkflowSnapshotSearch
from domain.coupling.flags import InstanceFlags
from domain.coupling.ports import Operator
from domain.identity import Reference
from domain.model.checkpoint_rules import Checkpoints
from domain.model.configuration import Configuration
from domain.model.topology import Topology
from entrypoints.instance import KEEPS_NO_STATE_FOR_NEXT_USE, USES_CHECKPOINT_API, Instance
from tests.support.in_memory_services import InMemoryServices
from tests.support.scenario_runs import SCENARIOS

PATIENCE = 20.0
Events = list[list[object]]
_Waiting: TypeAlias = "dict[Reference, deque[tuple[int, SnapshotMetadata]]]"


@dataclass(frozen=True)
class MemoryRun:
    """The outcome of a run.

    Attributes:
        received: The messages that each instance received, in order.
        workflow_snapshots: The announced workflow snapshots, in order.
        snapshots: The instance snapshots, by location.
    """

    received: Mapping[str, Events]
    workflow_snapshots: tuple[WorkflowSnapshot, ...]
    snapshots: Mapping[str, bytes]


def scenario(name: str, checkpoints: Checkpoints, **settings: object) -> Configuration:
    """Return the configuration of a scenario, with other checkpoints and settings."""
    text = (SCENARIOS / f"{name}.ymmsl").read_text()
    text = re.sub(r"\$\{(\w+)\}", r"/\1", text)
    loaded = YmmslConfigurationSource().load([text])
    changed = loaded.settings.copy()
    for key, value in settings.items():
        changed[key] = value
    return replace(loaded, checkpoints=checkpoints, settings=changed)


def run_in_memory(configuration: Configuration, *, clock: "Clock | None" = None) -> MemoryRun:
    """Run to the end; fail if an instance fails."""
    return _Run(configuration, {}, clock or SystemClock()).run()


def resume_in_memory(
    configuration: Configuration, before: MemoryRun, resume: Mapping[Reference, str]
) -> MemoryRun:
    """Resume from the snapshots at some locations; instances without one start from scratch."""
    # otherwise the new run's snapshots would have the same names
    snapshots = {f"before:{name}": data for name, data in before.snapshots.items()}
    places = {instance: f"before:{location}" for instance, location in resume.items()}
    return _Run(replace(configuration, resume=places), snapshots, SystemClock()).run()


def check_is_rest_of(
    whole: MemoryRun, resumed: MemoryRun, before: MemoryRun, resume: Mapping[Reference, str]
) -> None:
    """Check that a resumed run continued exactly as the whole run did.

    Each instance must have received the messages of the whole run, without those that it had
    received before its snapshot. The number of these is unknown for instances without a state.
    """
    for name, full in whole.received.items():
        rest = resumed.received[name]
        assert rest == full[len(full) - len(rest) :], name
        taken = _taken(before, resume.get(Reference(name)))
        if taken is not None:
            assert len(rest) == len(full) - taken, name


def other_workflow_snapshots(
    configuration: Configuration, run: MemoryRun, *, seed: int
) -> list[WorkflowSnapshot]:
    """Return the workflow snapshots that other speeds of the instances would have produced."""
    chance = random.Random(seed)
    return _found(configuration, run, lambda waiting: chance.choice(sorted(waiting, key=str)))


def timely_workflow_snapshots(
    configuration: Configuration, run: MemoryRun
) -> list[WorkflowSnapshot]:
    """Return the workflow snapshots found if snapshots are registered in order of simulation time.

    The workflow snapshots of a run depend on the speed of its instances: if one of them registers
    all its snapshots last, there is only one.
    """
    return _found(
        configuration,
        run,
        lambda waiting: min(waiting, key=lambda name: (_time(waiting[name][0][1]), str(name))),
    )


def _time(metadata: SnapshotMetadata) -> float:
    """Return the simulation time of a snapshot; one without a state comes first."""
    return -math.inf if math.isnan(metadata.timestamp) else metadata.timestamp


def _found(
    configuration: Configuration, run: MemoryRun, choose: "Callable[[_Waiting], Reference]"
) -> list[WorkflowSnapshot]:
    """Return the workflow snapshots found if a run's snapshots are registered in a chosen order."""
    search = WorkflowSnapshotSearch(Topology(configuration.model))
    waiting = _metadata_by_instance(configuration, run)
    found = []
    while waiting:
        name = choose(waiting)
        number, metadata = waiting[name].popleft()
        found.append(search.add(name, number, metadata))
        if not waiting[name]:
            del waiting[name]
    return [item for item in found if item is not None]


def _metadata_by_instance(configuration: Configuration, run: MemoryRun) -> "_Waiting":
    result: _Waiting = {}
    for name in configuration.model.instances():
        stored: deque[tuple[int, SnapshotMetadata]] = deque()
        for number in count(1):
            location = f"in_memory:{snapshot_name(name, number)}"
            if location not in run.snapshots:
                break
            data = run.snapshots[location]
            metadata = MsgPackSnapshot.decode(data, name=location).metadata(location)
            stored.append((number, metadata))
        if stored:
            result[name] = stored
    return result


def _taken(run: MemoryRun, location: "str | None") -> "int | None":
    """Return the number of messages received before a snapshot was made, if it has a state."""
    if location is None:
        return 0
    state = MsgPackSnapshot.decode(run.snapshots[location], name=location).message
    return None if state is None else state.data[-1]


class _Run:
    def __init__(
        self, configuration: Configuration, snapshots: Mapping[str, bytes], clock: Clock
    ) -> None:
        self._configuration = configuration
        self._clock = clock
        self._desk = InMemoryServices(configuration)
        self._store: InMemorySnapshotStore = self._desk.snapshots
        self._store.snapshots.update(snapshots)
        self._locked = LockedDesk(self._desk.desk)
        self._network = InMemoryNetwork()
        self._failures: dict[str, str] = {}
        self._received: dict[str, Events] = {}

    def run(self) -> MemoryRun:
        program = _program("saving_component")
        threads = {
            str(instance): threading.Thread(
                target=self._live, args=(instance, program), name=str(instance), daemon=True
            )
            for instance in self._configuration.model.instances()
        }
        for thread in threads.values():
            thread.start()
        for thread in threads.values():
            thread.join(PATIENCE)
        alive = [name for name, thread in threads.items() if thread.is_alive()]
        assert not alive, f"still running: {alive}; failed: {self._failures}"
        assert not self._failures, self._failures
        return MemoryRun(
            self._received,
            tuple(self._desk.workflow_snapshots.announced),
            dict(self._store.snapshots),
        )

    def _live(self, name: Reference, program: ModuleType) -> None:
        component = self._configuration.model.component_of(name)
        env = self._configuration.programs[component.program].env
        seen = program.Observations()
        try:
            saves = env.get("STATE") != "none"
            instance = self._join(name, program.vector_ports(env), saves=saves)
            program.Component(instance, seen, saves=saves).live()
        except Exception as error:  # noqa: BLE001 - the waiting thread reports it
            self._failures[str(name)] = "".join(traceback.format_exception(error))
        self._received[str(name)] = seen.events

    def _join(
        self, name: Reference, ports: "dict[Operator, list[str]] | None", *, saves: bool
    ) -> Instance:
        surroundings = Surroundings(
            InMemoryManagerLink(str(name), self._locked),
            InMemoryPeerTransport(str(name), self._network),
            self._clock,
            InMemoryInstanceLog(),
            MsgPackSnapshotRepository(lambda directory: self._store),
            threading.Lock(),
            InMemoryModelThreads(),
        )
        flags = USES_CHECKPOINT_API if saves else KEEPS_NO_STATE_FOR_NEXT_USE
        instance = Instance.__new__(Instance)
        instance._lifecycle = join(name, ports, InstanceFlags(flags.value), surroundings)
        return instance


def _program(name: str) -> ModuleType:
    """Import the program of a scenario, with Conjoin's library."""
    folder = str(SCENARIOS / "programs")
    if name not in sys.modules:
        before = os.environ.get("MODEL_LIBRARY")
        os.environ["MODEL_LIBRARY"] = "conjoin"
        sys.path.insert(0, folder)
        try:
            importlib.import_module(name)
        finally:
            sys.path.remove(folder)
            os.environ.pop("MODEL_LIBRARY")
            if before is not None:
                os.environ["MODEL_LIBRARY"] = before
    return sys.modules[name]
