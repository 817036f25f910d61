"""Whole simulations in this process: each instance is a thread, and they communicate in memory."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from adapters.in_memory.instance_log import InMemoryInstanceLog
from adapters.in_memory.manager_link import InMemoryManagerLink, LockedDesk
from adapters.in_memory.model_threads import InMemoryModelThreads
from adapters.in_memory.peer_transport import InMemoryNetwork, InMemoryPeerTransport
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from adapters.system.clock import SystemClock
from application.instance.arrival import Surroundings, join
from application.instance.lifecycle import Lifecycle
from application.instance.peer_transports import PeerTransports
from domain.coupling.flags import InstanceFlags
from domain.coupling.messages import Message
from domain.coupling.settings import Settings, SettingValue
from domain.identity import Reference
from domain.model.configuration import Configuration, Model
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

PATIENCE = 60.0
NO_FLAGS = InstanceFlags(0)
Program: TypeAlias = Callable[["Joined"], object]


class Joined:
    """An instance, with short names for the calls of a model."""

    def __init__(self, lifecycle: Lifecycle, log: InMemoryInstanceLog) -> None:
        self.lifecycle = lifecycle
        self.log = log
        self.reuse = lifecycle.reuse_instance

    def send(self, port: str, data: object, slot: "int | None" = None, **options) -> None:
        self.lifecycle.send(port, Message(0.0, None, data, **options), slot)

    def receive(self, port: str, slot: "int | None" = None, default: object = None) -> object:
        fallback = None if default is None else Message(0.0, None, default)
        return self.lifecycle.receive(port, slot, fallback, with_settings=False).data

    def receive_with_settings(self, port: str, slot: "int | None" = None) -> "Settings | None":
        return self.lifecycle.receive(port, slot, None, with_settings=True).settings

    def setting(self, name: str) -> SettingValue:
        return self.lifecycle.get_setting(name, None, lambda: "not set")


class InMemorySimulation:
    """A model whose instances are functions.

    Args:
        conduits: As for `configuration` in tests/unit/domain/models.py.
        sizes: Multiplicities.
        timelines: Timelines of the components, if they matter.
        settings: Base settings.
        must_drain: Whether senders wait until everything is received, as MUSCLE3's do.
    """

    def __init__(
        self,
        conduits: str,
        *,
        sizes: "dict[str, tuple[int, ...]] | None" = None,
        timelines: "dict[str, str] | None" = None,
        settings: "dict[str, SettingValue] | None" = None,
        must_drain: bool = False,
    ) -> None:
        made = configuration(conduits, sizes=sizes)
        components = {
            name: replace(component, timeline=(timelines or {}).get(str(name), str(name)))
            for name, component in made.model.components.items()
        }
        self.configuration = Configuration(
            Model(made.model.name, components, made.model.conduits),
            made.programs,
            Settings(settings),
        )
        self.desk = InMemoryServices(self.configuration)
        self._locked = LockedDesk(self.desk.desk)
        self.network = InMemoryNetwork(must_drain=must_drain)
        self.logs: dict[str, InMemoryInstanceLog] = {}
        self.snapshots = InMemorySnapshotStore()

    def join(self, name: str, ports=None, flags: InstanceFlags = NO_FLAGS) -> Joined:
        log = self.logs[name] = InMemoryInstanceLog()
        clock = SystemClock()
        surroundings = Surroundings(
            InMemoryManagerLink(name, self._locked),
            PeerTransports([InMemoryPeerTransport(name, self.network)], clock=clock),
            clock,
            log,
            MsgPackSnapshotRepository(lambda _: self.snapshots),
            threading.Lock(),
            InMemoryModelThreads(),
        )
        return Joined(join(Reference(name), ports, flags, surroundings), log)

    def run(
        self,
        programs: Mapping[str, Program],
        *,
        ports: "Mapping[str, object] | None" = None,
        flags: InstanceFlags = NO_FLAGS,
    ) -> dict[str, object]:
        """Run all instances to their end.

        Args:
            programs: The function of each component.
            ports: The ports of the components that declare them.
            flags: The flags of all components.

        Returns:
            By instance, the result of its program, or the exception that ended it.
        """
        results: dict[str, object] = {}

        def live(name: str, component: str) -> None:
            try:
                results[name] = programs[component](
                    self.join(name, (ports or {}).get(component), flags)
                )
            except Exception as error:  # noqa: BLE001 - it is the result
                results[name] = error

        threads = [
            threading.Thread(
                target=live, args=(str(name), str(name.without_trailing_ints())), daemon=True
            )
            for name in self.configuration.model.instances()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert len(results) == len(threads), f"only these have ended: {results}"
        return results
