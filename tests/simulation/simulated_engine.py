"""A task engine over a simulated network: delays, losses, undelivered calls, full memory."""

import asyncio
import importlib
import itertools
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field, replace
from random import Random

from adapters.inline.values import InlineValues, frozen
from application.interfaces.task_engine import EngineLink, RuntimeHost, TaskEngine
from domain.runtime.errors import (
    EngineError,
    HostFailed,
    HostLost,
    Unreachable,
    Unsupported,
    ValueLost,
)
from domain.runtime.hosts import (
    HEAD,
    Capability,
    Host,
    HostPlan,
    HostUsage,
    LossKind,
    LossReason,
)
from domain.runtime.payloads import Message
from tests.simulation.virtual_loop import Life

CAPABILITIES = frozenset({Capability.SHARES, Capability.NOTICES, Capability.REPLACES})
CRASHED = LossReason(LossKind.KILLED, "was killed by the simulation")
ENDED = LossReason(LossKind.ENDED, "was ended")


@dataclass
class Faults:
    """What goes wrong in a run, beside the losses.

    Attributes:
        crashes: Numbers of messages at whose sending a host is lost.
        put_failures: The probability that a `put` fails.
        slowest: The longest delay of a message, in seconds.
    """

    crashes: frozenset[int] = frozenset()
    put_failures: float = 0.0
    slowest: float = 0.01


class SimulatedValues(InlineValues):
    """Records what was requested after it was freed."""

    def __init__(self) -> None:
        super().__init__()
        self.missed: list[str] = []

    @property
    def keys(self) -> dict[str, dict[str, int]]:
        """The values that are kept, each with its holders."""
        return {key: dict(holders) for key, holders in self._holders.items()}

    def get(self, value):
        try:
            return super().get(value)
        except ValueLost:
            self.missed.append(value.key)
            raise

    def move(self, values, origin: str, holder: str) -> None:
        """Let another holder retain values once, instead of a message."""
        for value in values:
            self.retain(holder, value)
            self.release(origin, value)


@dataclass(eq=False)
class _Call:
    host: str
    future: asyncio.Future
    has_arrived: bool = False


@dataclass(eq=False)
class Process:
    """One life of a host, or the head.

    Attributes:
        known: The processes that it may exchange messages with.
        lost: Those of which it has learnt that they are gone.
        early: What arrived from processes that it does not know yet.
        notices_at: The time at which its latest notice arrives: notices keep their order.
    """

    uid: str
    life: Life
    plan: HostPlan
    host: RuntimeHost | None = None
    known: set[str] = field(default_factory=set)
    lost: dict[str, LossReason] = field(default_factory=dict)
    early: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    calls: dict[int, _Call] = field(default_factory=dict)
    notices_at: float = 0.0
    has_joined: bool = False


class SimulatedLink(EngineLink):
    """The engine, as one process sees it."""

    def __init__(self, engine: "SimulatedEngine", process: Process) -> None:
        self.engine = engine
        self.process = process

    @property
    def uid(self):
        return self.process.uid

    @property
    def capabilities(self):
        return CAPABILITIES

    async def call(self, host, request, *, timeout=None):
        return await self.engine.send(self.process, host, request, timeout)

    async def put(self, payload, *, near=None):
        return await self.engine.store(self.process, payload)

    async def get(self, value, *, timeout=None):
        await asyncio.sleep(self.engine.delay())
        return self.engine.values.get(value)

    def retain(self, value):
        if self.uid not in self.engine.values.keys.get(value.key, ()):
            self.engine.values.missed.append(value.key)
        self.engine.values.retain(self.uid, value)

    def release(self, value):
        self.engine.values.release(self.uid, value)

    async def spill(self, nbytes):
        raise Unsupported(Capability.SPILLS, "simulated")

    async def submit(self, function, arguments, options):
        raise Unsupported(Capability.PLACES, "simulated")

    async def cancel(self, ticket, *, force=False):
        raise Unsupported(Capability.PLACES, "simulated")

    async def usage(self):
        values = self.engine.values
        return {
            uid: HostUsage(uid, 0.0, 1, stored=values.stored(uid))
            for uid, process in self.engine.processes.items()
            if not process.life.is_over
        }


class SimulatedEngine(SimulatedLink, TaskEngine):
    """The network, and all processes.

    Args:
        random: Decides everything that a seed decides.
        faults: What goes wrong.

    Attributes:
        trace: What has happened, to compare two runs of a seed.
        deaths: The uids of the hosts that were lost.
    """

    def __init__(self, random: Random, faults: Faults) -> None:
        super().__init__(self, Process(HEAD, Life(), HostPlan(HEAD)))
        self.random = random
        self.faults = faults
        self.values = SimulatedValues()
        self.processes: dict[str, Process] = {}
        self.trace: list[tuple[float, str, str, str]] = []
        self.deaths: list[str] = []
        self.put_failures = 0
        self._numbers = itertools.count(1)
        self._lives = itertools.count(1)
        self._gone: dict[str, asyncio.Event] = {}
        self._is_open = False

    # the head

    async def open(self, plan, head):
        self._loop = asyncio.get_running_loop()
        self._plan = plan
        self._is_open = True
        self.processes[HEAD] = self.process
        self.process.host = head
        self.process.has_joined = True
        await self._in_life(self.process, head.start())
        new = [self._new_host(host) for host in plan.hosts]
        try:
            module, _, attribute = plan.factory.partition(":")
            self._factory = getattr(importlib.import_module(module), attribute)
        except ImportError as error:
            raise EngineError(f"{plan.factory} cannot be imported: {error}") from error
        starts = {host.uid: asyncio.ensure_future(self._start(host, new)) for host in new}
        await asyncio.wait(starts.values(), timeout=plan.patience)
        failures = {uid: why for uid, start in starts.items() if (why := _failure(start))}
        if failures:
            await self.close()
            raise EngineError("; ".join(f"{uid} {why}" for uid, why in failures.items()), failures)
        return new

    async def close(self, *, patience=5.0):
        if not self._is_open:
            return
        self._is_open = False
        workers = [process for process in self.processes.values() if process is not self.process]
        for process in [*workers, self.process]:
            if process.host is not None and not process.life.is_over:
                await self._in_life(process, process.host.stop())
        for process in self.processes.values():
            for call in process.calls.values():
                if not call.future.done():
                    call.future.set_exception(Unreachable("the engine is closed"))

    async def end(self, host):
        process = self.processes.get(host)
        if process is None or host == HEAD or host in self.process.lost:
            return
        self.crash(host, ENDED)
        await self._gone[host].wait()

    async def replace(self, host):
        await self.end(host)
        name = host.partition("@")[0]
        if any(uid.partition("@")[0] == name for uid in self.live_workers()):
            raise EngineError(f"another life of {host} runs already")
        new = self._new_host(next(plan for plan in self._plan.hosts if plan.name == name))
        await asyncio.sleep(10 * self.delay())
        start = asyncio.ensure_future(self._start(new))
        await asyncio.wait([start], timeout=self._plan.patience)
        if why := _failure(start):
            self.processes[new.uid].life.is_over = True
            raise EngineError(f"{new.uid} {why}")
        for process in list(self.processes.values()):
            if process.has_joined and process.uid not in (new.uid, HEAD):
                self._notify(process, lambda process=process: self._joined(process, new))
        self._joined(self.process, new)
        return new

    # losses

    def crash(self, uid: str, reason: LossReason = CRASHED) -> None:
        """End a life now; the others are informed later."""
        process = self.processes[uid]
        if process.life.is_over:
            return
        process.life.is_over = True
        self._note("crash", uid, "")
        self.deaths.append(uid)
        if process.has_joined:
            self._gone[uid] = asyncio.Event()
            self._notify(self.process, lambda: self._lose(uid, reason))

    def live_workers(self) -> list[str]:
        """Return the uids of the workers that are alive, also of those that start."""
        return [
            uid for uid, item in self.processes.items() if uid != HEAD and not item.life.is_over
        ]

    def _joined_workers(self) -> list[tuple[str, Process]]:
        return [
            (uid, process)
            for uid, process in self.processes.items()
            if uid != HEAD and process.has_joined and uid not in self.process.lost
        ]

    def _lose(self, uid: str, reason: LossReason) -> None:
        self._learn_of_loss(self.process, uid, reason)
        self.values.remove_holder(uid)
        for process in self.processes.values():
            if process.has_joined and process.uid not in (uid, HEAD):
                self._notify(
                    process, lambda process=process: self._learn_of_loss(process, uid, reason)
                )
        self._gone[uid].set()

    def _learn_of_loss(self, process: Process, uid: str, reason: LossReason) -> None:
        if uid in process.lost:
            return
        process.lost[uid] = reason
        process.known.discard(uid)
        process.early.pop(uid, None)
        process.life.context.copy().run(process.host.host_lost, uid, reason)
        for call in list(process.calls.values()):
            if call.host == uid and not call.future.done():
                perhaps = call.has_arrived or self.random.random() < 0.5
                call.future.set_exception(HostLost(uid, reason, perhaps_done=perhaps))

    def _joined(self, process: Process, host: Host) -> None:
        process.known.add(host.uid)
        process.life.context.copy().run(process.host.host_joined, host)
        for arrive in process.early.pop(host.uid, ()):
            arrive()

    def _notify(self, process: Process, notice: Callable[[], None]) -> None:
        """Let a notice arrive, after those that were sent to this process before."""
        process.notices_at = max(process.notices_at, self._loop.time() + self.delay()) + 1e-9

        def arrive() -> None:
            if not process.life.is_over and self._is_open:
                notice()

        self._loop.call_at(process.notices_at, arrive, context=Context())

    # messages

    def delay(self) -> float:
        """Return the delay of a message in seconds; a few are slow."""
        slowest = self.faults.slowest
        return self.random.random() * (slowest if self.random.random() < 0.9 else 20 * slowest)

    async def send(self, sender: Process, to: str, request: Message, timeout: float | None):
        """Send a request, and wait for the reply."""
        lost = sender.lost.get(to) or self._lost_before(to, sender)
        if lost is not None:
            raise HostLost(to, lost, perhaps_done=False)
        target = self.processes.get(to)
        if target is None or not self._is_open:
            raise Unreachable(f"{to} does not exist, or the engine is closed")
        number = next(self._numbers)
        call = sender.calls[number] = _Call(to, self._loop.create_future())
        call.future.add_done_callback(_retrieve)
        self._travel(
            f"request {number}",
            sender,
            target,
            request,
            lambda message: self._serve(sender, target, number, message, call),
        )
        if timeout is not None:
            self._loop.call_later(timeout, _time_out, call.future, to, request.kind)
        try:
            return await call.future
        finally:
            sender.calls.pop(number, None)

    def _lost_before(self, uid: str, process: Process) -> LossReason | None:
        """Return why a host was gone before a process started; None if it was not."""
        return None if uid in process.known else self.process.lost.get(uid)

    def _travel(
        self,
        token: str,
        origin: Process,
        target: Process,
        message: Message,
        deliver: Callable[[Message], None],
    ) -> None:
        self._note(message.kind, origin.uid, target.uid)
        if message.payload.buffers:
            message = replace(message, payload=frozen(message.payload))
        for value in message.values:
            self.values.retain(token, value)

        def arrive() -> None:
            if target.life.is_over or origin.uid in target.lost or not self._is_open:
                self.values.remove_holder(token)
            elif origin.uid in target.known or origin is target:
                self.values.move(message.values, token, target.uid)
                deliver(message)
            else:
                target.early.setdefault(origin.uid, []).append(arrive)

        self._loop.call_later(self.delay(), arrive, context=Context())

    def _serve(
        self, sender: Process, target: Process, number: int, request: Message, call: _Call
    ) -> None:
        call.has_arrived = True

        async def answer() -> None:
            reply: Message | EngineError
            try:
                reply = await target.host.handle(sender.uid, request)
            except EngineError as error:
                reply = error
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - it is the sender's
                reply = HostFailed(f"{target.uid} failed: {type(error).__name__}: {error}")
            is_error = isinstance(reply, EngineError)
            self._travel(
                f"reply {number}",
                target,
                sender,
                Message("failure") if is_error else reply,
                lambda message: self._accept(sender, number, reply if is_error else message),
            )

        target.life.context.copy().run(self._loop.create_task, answer())

    def _accept(self, sender: Process, number: int, reply: Message | EngineError) -> None:
        call = sender.calls.get(number)
        if isinstance(reply, EngineError):
            if call is not None and not call.future.done():
                call.future.set_exception(reply)
        elif call is not None and not call.future.done():
            call.future.set_result(reply)
        else:
            for value in reply.values:
                self.values.release(sender.uid, value)

    async def store(self, process: Process, payload):
        """Store a value, unless memory is full."""
        value = self.values.put(process.uid, payload)
        try:
            await asyncio.sleep(self.delay())
        except asyncio.CancelledError:
            self.values.release(process.uid, value)
            raise
        if self.random.random() < self.faults.put_failures:
            self.put_failures += 1
            self.values.release(process.uid, value)
            raise EngineError("cannot store the value: memory is full")
        return value

    # processes

    def _new_host(self, plan) -> Host:
        host = Host(f"{plan.name}@{next(self._lives):08x}", plan)
        self.processes[host.uid] = Process(host.uid, Life(), plan)
        return host

    async def _start(self, host: Host, others: list[Host] | None = None) -> None:
        process = self.processes[host.uid]
        if others is None:
            others = [Host(uid, other.plan) for uid, other in self._joined_workers()]
        link = SimulatedLink(self, process)
        process.host = self._factory(link, host, self._plan.settings)
        process.known.add(HEAD)
        for other in others:
            if other.uid != host.uid:
                process.known.add(other.uid)
                process.host.host_joined(other)
        process.has_joined = True
        self.process.known.add(host.uid)
        await self._in_life(process, process.host.start())

    async def _in_life(self, process: Process, work) -> None:
        await process.life.context.copy().run(self._loop.create_task, work)

    def _note(self, kind: str, origin: str, target: str) -> None:
        self.trace.append((self._loop.time(), kind, origin, target))
        if len(self.trace) in self.faults.crashes:
            workers = self.live_workers()
            if workers:
                # Not here, because this code belongs to a process.
                self._loop.call_soon(self.crash, self.random.choice(workers), context=Context())


def _failure(start: asyncio.Future) -> str:
    if not start.done():
        start.cancel()
        return "did not answer in time"
    error = start.exception()
    return "" if error is None else f"did not start: {type(error).__name__}: {error}"


def _time_out(future: asyncio.Future, host: str, kind: str) -> None:
    if not future.done():
        future.set_exception(TimeoutError(f"{host} did not reply to '{kind}' in time"))


def _retrieve(future: asyncio.Future) -> None:
    if not future.cancelled():
        future.exception()
