"""The task runtime on a simulated engine: the services of head and workers, without processes."""

import asyncio
from contextlib import nullcontext
from contextvars import copy_context
from random import Random

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.own_process import InMemoryOwnProcess
from adapters.pickling.pickler import CloudPickler
from application.interfaces.progress_bars import ProgressBars
from application.interfaces.task_threads import TaskThreads
from application.runtime import context
from application.runtime.log import RuntimeLog
from application.runtime.log_names import Failures
from application.runtime.process_host import ProcessHost
from application.runtime.process_services import ProcessServices
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.wiring import new_services
from domain.runtime.hosts import HEAD, EnginePlan, HostPlan
from domain.runtime.placement import strategy
from domain.runtime.uids import WORKER
from entrypoints._runtime.facade import REMOTE_NAMES
from entrypoints._runtime.layout import connect_fixed_members
from entrypoints._runtime.new_runtime import new_runtime
from tests.simulation.simulated_engine import Faults, SimulatedEngine, SimulatedLink

FACTORY = f"{__name__}:new_worker"


class SimulatedThreads(TaskThreads):
    """Runs each function at once; its result is there after a while."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def run(self, function):
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        try:
            result, error = copy_context().run(function), None
        except Exception as raised:  # noqa: BLE001 - it is the caller's
            result, error = None, raised

        def finish(error=error):
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        loop.call_later(self._random.random() * 0.05, finish)
        return future

    def run_series(self, step, done):
        loop = asyncio.get_running_loop()
        context = copy_context()

        def run() -> None:
            result, goes_on = context.copy().run(step)
            loop.call_later(self._random.random() * 0.05, finish, result, goes_on)

        def finish(result, goes_on) -> None:
            done(result, goes_on)
            if goes_on:
                run()

        run()

    def new_lock(self):
        return nullcontext()

    def close(self):
        pass


class NoBars(ProgressBars):
    """Draws nothing."""

    def open(self, name, total):
        raise AssertionError


class Cluster:
    """A head and its workers.

    Args:
        random: Decides everything that a seed decides.
        faults: What goes wrong.
        workers: The number of workers.
        restarts: How often each worker is replaced.

    Attributes:
        engine: The network.
        services: The services of each process, by uid, also of those that are gone.
        log: What the processes have logged.
    """

    def __init__(self, random: Random, faults: Faults, *, workers: int, restarts: int) -> None:
        self.random = random
        self.engine = SimulatedEngine(random, faults)
        self.engine.cluster = self
        self.services: dict[str, ProcessServices] = {}
        self.log: list[str] = []
        self._workers = workers
        self._restarts = restarts

    @property
    def live_services(self) -> dict[str, ProcessServices]:
        """The services of the processes that are alive."""
        live = {HEAD, *self.engine.live_workers()}
        return {uid: services for uid, services in self.services.items() if uid in live}

    async def run(self, main):
        """Run a coroutine function in the head, with its runtime."""
        engine = self.engine
        services = self.new_services(engine)
        host = ProcessHost(services, print_line=lambda *_: None)
        hosts = tuple(HostPlan(WORKER, (0, index)) for index in range(self._workers))

        async def in_head():
            context.enter(services)
            for started in await engine.open(EnginePlan(hosts, FACTORY), host):
                services.members.connect(started.uid)
            services.replacement.start(replace=engine.replace, end=engine.end, limit=self._restarts)
            try:
                return await main(services.runtime)
            finally:
                await services.replacement.stop()
                await engine.close()
                context.remove_default(services)

        life = engine.process.life
        return await life.context.copy().run(asyncio.ensure_future, in_head())

    def new_services(self, link: SimulatedLink) -> ProcessServices:
        """Return the services of one process."""
        uid = link.uid
        services = new_services(
            link=link,
            pickler=CloudPickler(),
            threads=SimulatedThreads(self.random),
            log=RuntimeLog(uid=uid, level="warning", sink=self._write),
            bars=NoBars(),
            own_process=InMemoryOwnProcess(rss=1, limit=2**60),
            profile=ProfileBuffer(clock=ManualClock()),
            remote_names=REMOTE_NAMES,
            placement=strategy("round-robin") if uid == HEAD else None,
        )
        connect_fixed_members(services.members)
        if uid != HEAD:
            services.members.connect(uid)
        services.runtime = new_runtime(
            services=services,
            link=link,
            uid=uid,
            mode="local",
            engine="simulated",
            own_process=InMemoryOwnProcess(),
            failures=Failures(),
            end=None,
        )
        asyncio.get_running_loop().own(services.calls, link.process.life)
        self.services[uid] = services
        return services

    def clear(self) -> None:
        """Drop what processes had when they were lost; a process that ends drops it too."""
        for services in self.services.values():
            services.residents._objects.clear()
            services.tasks._tasks.clear()
            services.tasks._plans.clear()

    def _write(self, level, uid, text):
        self.log.append(f"{level} {uid}: {text}")


def new_worker(link, host, settings):
    """Return the RuntimeHost of a worker."""
    return ProcessHost(link.engine.cluster.new_services(link), is_default=False)
