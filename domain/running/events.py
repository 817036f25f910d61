"""The events of a run that subscribers receive."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from domain.coupling.messages import LogRecord, Wait
from domain.errors import InstanceFailed, RunError
from domain.running.nodes import NodeStatus
from domain.running.plain_values import plain
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

    def to_dict(self) -> dict[str, object]:
        """Return the attributes as values that JSON can represent."""
        return plain(self)


@dataclass(frozen=True)
class _Event:
    """The attributes and methods that all events share.

    Attributes:
        time: When it occurred, in seconds since the Unix epoch. It does not count when events are
            compared.
    """

    time: float = field(default=0.0, kw_only=True, compare=False)

    def to_dict(self) -> dict[str, object]:
        """Return the attributes as values that JSON can represent, and the name as `event`."""
        return {"event": type(self).__name__, **plain(self)}


@dataclass(frozen=True)
class InstanceStarted(_Event):
    """The process of an instance was started on a node."""

    instance: str
    node: str


@dataclass(frozen=True)
class InstanceRegistered(_Event):
    """An instance registered with the manager."""

    instance: str


@dataclass(frozen=True)
class InstanceDeregistered(_Event):
    """A finished instance deregistered."""

    instance: str


@dataclass(frozen=True)
class InstanceExited(_Event):
    """The process of an instance ended."""

    instance: str
    end: ProcessEnd


@dataclass(frozen=True)
class StatusChanged(_Event):
    """An instance began or stopped waiting, or advanced in simulated time."""

    status: InstanceStatus


@dataclass(frozen=True)
class NodeChanged(_Event):
    """A node reported its resources or, every few seconds, its load; or it was lost.

    Attributes:
        status: Its status, except that an instance that starts or ends causes no event here.
    """

    status: NodeStatus


@dataclass(frozen=True)
class LogRecorded(_Event):
    """An instance logged a message."""

    record: LogRecord


@dataclass(frozen=True)
class DeadlockFound(_Event):
    """Instances wait for each other in a cycle, each for the next."""

    cycle: tuple[Wait, ...]


@dataclass(frozen=True)
class SnapshotAnnounced(_Event):
    """A workflow snapshot was written, from which the simulation can be resumed.

    Attributes:
        location: Location of the workflow snapshot.
    """

    location: str


@dataclass(frozen=True)
class SnapshotFailed(_Event):
    """A snapshot could not be stored.

    Attributes:
        problem: The reason, as text.
        instance: The instance whose snapshot it is; empty for a workflow snapshot.
    """

    problem: str
    instance: str = ""


@dataclass(frozen=True)
class StopRequested(_Event):
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
class RunFinished(_Event):
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

    def raise_for_failure(self) -> None:
        """Raise an error if the simulation did not complete.

        Raises:
            InstanceFailed: If instances failed.
            RunError: If the run ended for another reason, such as a request to stop it.
        """
        if self.failed_instances:
            raise InstanceFailed(self.cause, self.failed_instances)
        if not self.succeeded:
            raise RunError(self.cause)


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
