"""One process of a run, as the code in it reaches it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from application.runtime.actor_names import ActorNames
from application.runtime.actor_table import ActorTable
from application.runtime.actors import Actors
from application.runtime.barrier import Barrier
from application.runtime.comms import Comms
from application.runtime.context import surroundings
from application.runtime.correspondence import Correspondence
from application.runtime.direct_creation import DirectCreation
from application.runtime.functions import Functions
from application.runtime.log import RuntimeLog
from application.runtime.loop_calls import LoopCalls
from application.runtime.loops import Loops
from application.runtime.members import Members
from application.runtime.parameters import Parameters
from application.runtime.placing import Placing
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.queue_report import QueueReport
from application.runtime.reception import Reception
from application.runtime.replacement import Replacement
from application.runtime.resident_actor import ResidentActor
from application.runtime.residents import ACTOR, Residents
from application.runtime.results import ResultLoader
from application.runtime.stage import Stage
from application.runtime.tasks import Tasks
from application.runtime.warehouse import Warehouse
from domain.runtime.hosts import HEAD
from domain.runtime.uids import MONITOR


@dataclass(eq=False)
class ProcessServices:
    """The services of one process.

    Attributes:
        runtime: The runtime of this process, for users; None until it is created.
    """

    actor_names: ActorNames
    actor_table: ActorTable
    actors: Actors
    barrier: Barrier
    calls: LoopCalls
    comms: Comms
    correspondence: Correspondence
    functions: Functions
    log: RuntimeLog
    loops: Loops
    members: Members
    parameters: Parameters
    placing: Placing
    profile: ProfileBuffer
    queues: QueueReport
    reception: Reception
    replacement: Replacement
    residents: Residents
    results: ResultLoader
    creation: DirectCreation
    stage: Stage
    tasks: Tasks
    warehouse: Warehouse
    runtime: object = None
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def uid(self) -> str:
        """The uid of the process."""
        return self.members.own

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use an event loop, which runs already or soon."""
        self.loop = loop
        self.calls.open(loop)
        self.results.open(loop)

    async def close(self) -> None:
        """End what this process still waits for."""
        await self.tasks.close()

    def for_actors(self, name: str) -> object:
        """Return one of the attributes that actors get from their runtime."""
        return _FOR_ACTORS[name](self)

    def local_instance(self, cls: type) -> object:
        """Return the latest actor of a class that lives in this process; None without one."""
        for item in reversed(self.residents.all_of(ACTOR)):
            assert isinstance(item, ResidentActor)
            if isinstance(item.instance, cls):
                return item.instance
        return None


def current_services() -> ProcessServices | None:
    """Return the services that the running code belongs to; None outside of a run."""
    found = surroundings()
    assert found is None or isinstance(found, ProcessServices)
    return found


def require_services() -> ProcessServices:
    """Return the services of the process that the running code belongs to.

    Raises:
        RuntimeError: Outside of a run.
    """
    services = current_services()
    if services is None:
        msg = "This needs a runtime: use it inside of run(main), or after init()"
        raise RuntimeError(msg)
    return services


_FOR_ACTORS: Mapping[str, Callable[[ProcessServices], object]] = {
    "runtime": lambda services: services.runtime,
    "comms": lambda services: services.comms,
    "loop": lambda services: services.loop,
    "head": lambda services: services.comms.registered(HEAD),
    "monitor": lambda services: services.comms.registered(MONITOR),
    "node": lambda services: services.comms.registered(services.members.nodes()[0]),
    "worker": lambda services: services.comms.registered(services.uid),
    "logger": lambda services: services.log,
}
