"""Hosts: the processes of a runtime, each with one object that receives requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from domain.runtime.payloads import NO_PAYLOAD, Payload

HEAD: Final = "head"
"""The uid of the head."""


class Capability(Enum):
    """A capability that only some engines have."""

    SHARES = "values of a node are mapped, not copied"
    NOTICES = "the loss of a host is reported unasked"
    PLACES = "the engine chooses the host of a submitted function"
    SPILLS = "values that do not fit in memory are written to files"
    GROWS = "hosts can join a running engine"
    REPLACES = "a lost host can be started again"
    INTERRUPTS = "a running function can be ended without its host"
    GPUS = "hosts can have GPUs"
    REASONS = "the engine reports how a process ended"
    LINES = "printed lines arrive at the head"
    ENCRYPTS = "connections between nodes are encrypted"


@dataclass(frozen=True, slots=True)
class HostPlan:
    """A host to start.

    Attributes:
        role: Its role: `worker`, `node`, `monitor` or `warehouse`.
        indices: Its indices; (0, 1) for `worker:0:1`.
        threads: Number of threads that its numerical libraries use.
        memory: Number of bytes that it may use; None for the engine's default.
        gpus: Number of GPUs.
        node: Index of the node that it runs on.
    """

    role: str
    indices: tuple[int, ...] = ()
    threads: int = 1
    memory: int | None = None
    gpus: int = 0
    node: int = 0

    @property
    def name(self) -> str:
        """The uid without the part that changes with each life."""
        return ":".join((self.role, *map(str, self.indices)))


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """The hosts that an engine starts.

    Attributes:
        hosts: The hosts.
        factory: Creates the RuntimeHost of each host: a `HostFactory`, as
            `module:attribute`, which is imported there.
        settings: Passed to the factory in each host.
        patience: Seconds for all hosts to answer.
        run_directory: Directory for logs and spilled values; None for a temporary one.
        spill_directory: Directory for spilled values, if it is not the run directory.
        store_memory: Number of bytes that values may occupy on each node; None for the default.
    """

    hosts: tuple[HostPlan, ...]
    factory: str
    settings: Payload = NO_PAYLOAD
    patience: float = 60.0
    run_directory: str | None = None
    spill_directory: str | None = None
    store_memory: int | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """One life of a host.

    Attributes:
        uid: Its name, followed by `@` and eight hexadecimal digits that identify this life.
        plan: The plan from which it was started.
        pid: Its process ID, if the engine knows that.
    """

    uid: str
    plan: HostPlan
    pid: int | None = None


class LossKind(Enum):
    """How a host was lost."""

    EXITED = "exited"
    KILLED = "killed"
    OUT_OF_MEMORY = "out of memory"
    ENDED = "ended"
    """By `end` or `replace`."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LossReason:
    """Why a host is gone; `str()` of it completes the sentence "The worker …".

    Attributes:
        kind: How it was lost.
        text: A description, such as "was killed by signal 11 (SIGSEGV)".
        exit_code: The exit code of its process, if it exited.
        signal: The number of the signal that killed it.
        last_lines: The end of what it wrote to standard error.
    """

    kind: LossKind
    text: str
    exit_code: int | None = None
    signal: int | None = None
    last_lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class HostUsage:
    """The resources that a host uses.

    Attributes:
        uid: The host.
        cpu: Percentage of one core since the previous query; 0 at the first.
        rss: Bytes of memory.
        stored: Bytes of the values that this host stored and that are still kept.
        spilled: How many of them are in files.
        running: Number of requests that it is handling.
    """

    uid: str
    cpu: float
    rss: int
    stored: int = 0
    spilled: int = 0
    running: int = 0


class CancelOutcome(Enum):
    """The result of `cancel`."""

    NEVER_RAN = "never_ran"
    INTERRUPTED = "interrupted"
    GOES_ON = "goes_on"
    WAS_DONE = "was_done"


@dataclass(frozen=True, slots=True)
class SubmitOptions:
    """How to run a submitted function.

    Attributes:
        hosts: Uids of the hosts that may run it; empty for any worker.
        name: A name for logs.
    """

    hosts: tuple[str, ...] = field(default=())
    name: str = ""
