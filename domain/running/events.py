"""What happens in a run, for whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from domain.coupling.messages import LogRecord, Wait
from domain.running.process_end import ProcessEnd


class InstanceState(Enum):
    """Where an instance is in its life."""

    WAITING_TO_START = "waiting to start"
    STARTED = "started"
    RUNNING = "running"
    WAITING = "waiting"
    DISCONNECTED = "disconnected"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class InstanceStatus:
    """How an instance is at a moment.

    Attributes:
        instance: Its name.
        state: Where it is in its life.
        since: When it got there, in seconds since the Unix epoch.
        waiting_for: What it waits to receive, while it waits.
        simulated_time: Timestamp of its last message, if known.
        end: How its process ended; None while it runs, or if the user started it.
    """

    instance: str
    state: InstanceState
    since: float
    waiting_for: Wait | None = None
    simulated_time: float | None = None
    end: ProcessEnd | None = None


@dataclass(frozen=True)
class InstanceStarted:
    """The process of an instance was started on a node."""

    instance: str
    node: str


@dataclass(frozen=True)
class InstanceRegistered:
    """An instance made itself known."""

    instance: str


@dataclass(frozen=True)
class InstanceDeregistered:
    """An instance said that it is done."""

    instance: str


@dataclass(frozen=True)
class InstanceExited:
    """The process of an instance ended."""

    instance: str
    end: ProcessEnd


@dataclass(frozen=True)
class StatusChanged:
    """An instance began or stopped waiting, or got on in simulated time."""

    status: InstanceStatus


@dataclass(frozen=True)
class LogRecorded:
    """An instance logged something."""

    record: LogRecord


@dataclass(frozen=True)
class DeadlockFound:
    """Instances wait for each other in a cycle, each for the next."""

    cycle: tuple[Wait, ...]


@dataclass(frozen=True)
class SnapshotAnnounced:
    """Snapshots were written that belong together: the simulation can be resumed from them.

    Attributes:
        location: Where the workflow snapshot is.
    """

    location: str


@dataclass(frozen=True)
class SnapshotFailed:
    """A snapshot could not be stored.

    Attributes:
        problem: Why, in words.
        instance: Whose it is; empty for one of the whole workflow.
    """

    problem: str
    instance: str = ""


@dataclass(frozen=True)
class StopRequested:
    """The run is to be stopped from outside, in such a way that it can be resumed.

    Attributes:
        reason: Why, in words.
        save_time: For how many seconds at most the instances save first; 0 for not at all.
        cannot_save: Those because of which they don't: they can be asked by rules only.
    """

    reason: str
    save_time: float
    cannot_save: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunFinished:
    """The run is over.

    Attributes:
        succeeded: Whether the simulation completed.
        cause: Why it did not, in words; empty if it did.
        failed_instances: Those that failed, the cause first.
        output_directory: Where the output of the first of these is.
        was_interrupted: Whether it was stopped from outside, and nothing had gone wrong.
        warnings: What is strange about it all the same.
    """

    succeeded: bool
    cause: str = ""
    failed_instances: tuple[str, ...] = ()
    output_directory: str = ""
    was_interrupted: bool = False
    warnings: tuple[str, ...] = ()


RunEvent: TypeAlias = (
    InstanceStarted
    | InstanceRegistered
    | InstanceDeregistered
    | InstanceExited
    | StatusChanged
    | LogRecorded
    | DeadlockFound
    | SnapshotAnnounced
    | SnapshotFailed
    | StopRequested
    | RunFinished
)
