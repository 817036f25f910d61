"""Engines: they start the processes of a task runtime, and carry its requests and values."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol

from domain.runtime.hosts import (
    CancelOutcome,
    Capability,
    EnginePlan,
    Host,
    HostUsage,
    LossReason,
    SubmitOptions,
)
from domain.runtime.payloads import EngineValue, Message, Payload


class Ticket(Protocol):
    """A submitted function."""

    @abstractmethod
    async def reply(self) -> Message:
        """Wait for the reply, any number of times. Cancelling this wait cancels nothing else.

        Raises:
            HostLost: The host that ran it is lost.
            HostFailed: The function raised an exception.
            asyncio.CancelledError: The function was cancelled.
        """


class EngineLink(Protocol):
    """The engine, as each process of a run sees it: the head and all hosts.

    All methods are called on the thread of the process's event loop.
    """

    @property
    @abstractmethod
    def uid(self) -> str:
        """The uid of this process's RuntimeHost."""

    @property
    @abstractmethod
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities of this engine."""

    @abstractmethod
    def call(
        self, host: str, request: Message, *, timeout: float | None = None
    ) -> Awaitable[Message]:
        """Have another host, or this one, handle a request, and return its reply at the await.

        The request is executed at most once. Calls may arrive in any order and do not wait for
        each other. The request is sent at once, or at the first step of the await. Cancelling the
        await drops the reply, and nothing else. All errors are raised at the await.

        Args:
            host: The uid.
            request: The request.
            timeout: Seconds to wait for the reply.

        Raises:
            HostLost: The host is gone. Also for a host of an earlier life.
            Unreachable: The request was not delivered.
            TimeoutError: There was no reply in time. The request may be executed nevertheless.
            HostFailed: The RuntimeHost raised an exception.
        """

    @abstractmethod
    async def put(self, payload: Payload, *, near: str | None = None) -> EngineValue:
        """Store a value, which this process retains once.

        Later changes to the buffers do not change the value.

        Args:
            payload: The value.
            near: Uid of a host that will need it. A hint.

        Raises:
            EngineError: It cannot be stored, for example because the disk is full.
        """

    @abstractmethod
    async def get(self, value: EngineValue, *, timeout: float | None = None) -> Payload:
        """Return a value; its buffers are read-only.

        With SHARES, large buffers are mapped, and stay valid after `release`.

        Raises:
            ValueLost: The value does not exist (any more).
            TimeoutError: It did not arrive in time.
        """

    @abstractmethod
    def retain(self, value: EngineValue) -> None:
        """Retain a value once more in this process, which must hold it already."""

    @abstractmethod
    def release(self, value: EngineValue) -> None:
        """Undo one `put`, `retain`, or arrival in a message. The last one frees the value.

        A value that this process does not hold is ignored.
        """

    @abstractmethod
    async def spill(self, nbytes: int) -> int:
        """Write values that this process has stored to files, to free its memory.

        Values that a process maps stay in memory.

        Args:
            nbytes: How many bytes to free, if there are so many.

        Returns:
            How many bytes were written.

        Raises:
            Unsupported: The engine does not have SPILLS.
        """

    @abstractmethod
    async def submit(self, function: str, arguments: Message, options: SubmitOptions) -> Ticket:
        """Run a function on a host that the engine chooses.

        Args:
            function: A function that takes and returns a Message, as `module:attribute`. It may
                be a coroutine function; another one runs on a thread of its own.
            arguments: Its argument.
            options: How to run it.

        Raises:
            Unsupported: The engine does not have PLACES.
        """

    @abstractmethod
    async def cancel(self, ticket: Ticket, *, force: bool = False) -> CancelOutcome:
        """Cancel a submitted function.

        Args:
            ticket: What `submit` returned, in the same process.
            force: End the host if the function cannot be interrupted otherwise.
        """

    @abstractmethod
    async def usage(self) -> Mapping[str, HostUsage]:
        """Return what each host uses, by uid, with the head among them."""


class HostEvents(Protocol):
    """The reports of an engine to each process of a run, on the thread of its event loop."""

    @abstractmethod
    def host_joined(self, host: Host) -> None:
        """A host answers requests. The hosts of the plan are not reported to the head."""

    @abstractmethod
    def host_lost(self, uid: str, reason: LossReason) -> None:
        """A host is gone. Reported once, before `call` raises HostLost for its pending calls."""


class RuntimeHost(HostEvents, Protocol):
    """The one object in a process of the engine that receives requests."""

    @abstractmethod
    async def start(self) -> None:
        """Prepare for requests. An exception makes `open` fail."""

    @abstractmethod
    def handle(self, sender: str, request: Message) -> Awaitable[Message]:
        """Return the reply to a request at the await. Requests are handled concurrently.

        Called in the order in which requests arrive. Return a future if the reply contains no
        values and the request needs no coroutine: it costs less. The engine sends the reply in the
        step in which a coroutine returns it, so that the coroutine can release its values soon.

        It must report errors in its reply: an exception reaches the sender as HostFailed.

        Args:
            sender: Uid of the process that sent it.
            request: The request.
        """

    @abstractmethod
    async def stop(self) -> None:
        """Finish. The engine waits for it for a limited time, and then ends the process."""


class HostFactory(Protocol):
    """Creates the RuntimeHost of a process."""

    @abstractmethod
    def __call__(self, link: EngineLink, host: Host, settings: Payload) -> RuntimeHost:
        """Return the RuntimeHost.

        Args:
            link: The engine, as this process sees it.
            host: What the process is.
            settings: The settings of the plan.
        """


class HeadHost(RuntimeHost, Protocol):
    """The RuntimeHost of the head."""

    @abstractmethod
    def line(self, uid: str, stream: str, text: str) -> None:
        """A host printed a line.

        Args:
            uid: The host.
            stream: `stdout` or `stderr`.
            text: The line, without its end.
        """


class TaskEngine(EngineLink, Protocol):
    """Starts hosts, and ends them. Only the head has one."""

    @abstractmethod
    async def open(self, plan: EnginePlan, head: HeadHost) -> Sequence[Host]:
        """Start the hosts of a plan.

        Args:
            plan: The plan.
            head: Receives the requests to the head, and the events. The engine starts it before
                the hosts, and stops it in `close`.

        Returns:
            The hosts, in the plan's order. Each has answered, and each knows the others.

        Raises:
            EngineError: Hosts did not answer in time, or not at all; it names them and says why.
                Nothing of what was started is left.
        """

    @abstractmethod
    async def close(self, *, patience: float = 5.0) -> None:
        """End all hosts, and leave nothing behind. Idempotent.

        Args:
            patience: Seconds for hosts to stop, before they are ended by force.
        """

    @abstractmethod
    async def end(self, host: str) -> None:
        """End a host by force, and return when it is gone. `host_lost` is reported.

        A host that is gone already is ignored.
        """

    @abstractmethod
    async def replace(self, host: str) -> Host:
        """Start a host again, in a new life. If the old one still runs, it is ended first.

        `host_joined` is reported to all, the head included.

        Raises:
            EngineError: The host did not start.
            Unsupported: The engine does not have REPLACES.
        """
