"""The events of a run that subscribers receive."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from domain.coupling.messages import LogRecord, Wait
from domain.running.nodes import NodeStatus
from domain.running.process_end import ProcessEnd


class InstanceState(Enum):
    """The stages in the life of an instance."""

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
    """The status of an instance at a point in time.

    Attributes:
        instance: Its name.
        state: The stage of its life.
        since: When it entered that stage, in seconds since the Unix epoch.
        waiting_for: What it waits to receive; None if it does not wait.
        simulated_time: Timestamp of its last message, if known.
        end: How its process ended; None while it runs, or if the user started it.
        stall: How it hangs, in a word; empty if it does not.
        node: Node on which its program was started; empty if the user starts it.
    """

    instance: str
    state: InstanceState
    since: float
    waiting_for: Wait | None = None
    simulated_time: float | None = None
    end: ProcessEnd | None = None
    stall: str = ""
    node: str = ""


@dataclass(frozen=True)
class InstanceStarted:
    """The process of an instance was started on a node."""

    instance: str
    node: str


@dataclass(frozen=True)
class InstanceRegistered:
    """An instance registered with the manager."""

    instance: str


@dataclass(frozen=True)
class InstanceDeregistered:
    """A finished instance deregistered."""

    instance: str


@dataclass(frozen=True)
class InstanceExited:
    """The process of an instance ended."""

    instance: str
    end: ProcessEnd


@dataclass(frozen=True)
class StatusChanged:
    """An instance began or stopped waiting, or advanced in simulated time."""

    status: InstanceStatus


@dataclass(frozen=True)
class NodeChanged:
    """A node reported its resources or, every few seconds, its load; or it was lost.

    Attributes:
        status: Its status, except that an instance that starts or ends causes no event here.
    """

    status: NodeStatus


@dataclass(frozen=True)
class LogRecorded:
    """An instance logged a message."""

    record: LogRecord


@dataclass(frozen=True)
class DeadlockFound:
    """Instances wait for each other in a cycle, each for the next."""

    cycle: tuple[Wait, ...]


@dataclass(frozen=True)
class SnapshotAnnounced:
    """A workflow snapshot was written, from which the simulation can be resumed.

    Attributes:
        location: Location of the workflow snapshot.
    """

    location: str


@dataclass(frozen=True)
class SnapshotFailed:
    """A snapshot could not be stored.

    Attributes:
        problem: The reason, as text.
        instance: The instance whose snapshot it is; empty for a workflow snapshot.
    """

    problem: str
    instance: str = ""


@dataclass(frozen=True)
class StopRequested:
    """A stop of the run was requested from outside, in such a way that it can be resumed.

    Attributes:
        reason: The reason, as text.
        save_time: Seconds that the instances get to save first; 0 if they do not save.
        cannot_save: Instances that prevent saving, since they save only by checkpoint rules.
    """

    reason: str
    save_time: float
    cannot_save: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunFinished:
    """The run is over.

    Attributes:
        succeeded: Whether the simulation completed.
        cause: Why it did not complete, as text; empty if it did.
        failed_instances: The instances that failed, the cause first.
        output_directory: Directory with the output of the first failed instance.
        was_interrupted: Whether it was stopped from outside, without an error.
        warnings: Warnings about the run, which may have succeeded all the same.
        summary: The cause in at most six lines; empty if `cause` is as short.
    """

    succeeded: bool
    cause: str = ""
    failed_instances: tuple[str, ...] = ()
    output_directory: str = ""
    was_interrupted: bool = False
    warnings: tuple[str, ...] = ()
    summary: str = ""


RunEvent: TypeAlias = (
    InstanceStarted
    | InstanceRegistered
    | InstanceDeregistered
    | InstanceExited
    | StatusChanged
    | NodeChanged
    | LogRecorded
    | DeadlockFound
    | SnapshotAnnounced
    | SnapshotFailed
    | StopRequested
    | RunFinished
)
