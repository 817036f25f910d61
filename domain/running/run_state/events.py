"""Events that the state machine of a run reacts to.

They describe what happened outside: requests of instances, reports of agents, timers, and answers
to instructions. The events for subscribers of the manager are in `domain/running/events.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.coupling.messages import Wait
from domain.running.failure_kinds import FailureKind
from domain.running.presence import Presence
from domain.running.process_end import ProcessEnd
from domain.running.run_state.timers import RunTimer


@dataclass(frozen=True, slots=True)
class ProgramsAssigned:
    """Agents will start these instances; the user starts all others."""

    instances: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessStarted:
    """An agent was told to start the process of an instance."""

    instance: str
    node: str


@dataclass(frozen=True, slots=True)
class ProcessEnded:
    """An agent reports that the process of an instance ended."""

    instance: str
    end: ProcessEnd


@dataclass(frozen=True, slots=True)
class ErrorOutputRead:
    """Answers ReadErrorOutput with the last lines that an instance wrote to stderr."""

    instance: str
    text: str


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A node was lost. The ends of its processes are reported as well."""

    node: str
    reason: str


ProcessEvent: TypeAlias = (
    ProgramsAssigned | ProcessStarted | ProcessEnded | ErrorOutputRead | NodeFailed
)


@dataclass(frozen=True, slots=True)
class Registered:
    """An instance registered.

    Attributes:
        instance: Its name.
        is_own: Whether it uses Conjoin's library rather than MUSCLE3's.
    """

    instance: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Deregistered:
    """A registered instance is done."""

    instance: str


@dataclass(frozen=True, slots=True)
class WaitChanged:
    """A registered instance reports what it waits to receive; None if it stopped waiting."""

    instance: str
    wait: Wait | None


@dataclass(frozen=True, slots=True)
class FailureReported:
    """A registered instance reports an error because of which it will deregister.

    Attributes:
        instance: Its name.
        problem: The error, for the user.
        kind: What kind of failure it is; None if the instance does not report it.
    """

    instance: str
    problem: str
    kind: FailureKind | None


@dataclass(frozen=True, slots=True)
class DeadlockDetected:
    """Instances wait for each other in a cycle, each for the next."""

    cycle: tuple[Wait, ...]


InstanceEvent: TypeAlias = (
    Registered | Deregistered | WaitChanged | FailureReported | DeadlockDetected
)


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """A registered instance lost its connection to the manager."""

    instance: str


@dataclass(frozen=True, slots=True)
class ConnectionRestored:
    """An instance that lost its connection is connected again."""

    instance: str


@dataclass(frozen=True, slots=True)
class PresenceFound:
    """Answers Probe.

    Attributes:
        instance: Its name.
        attempt: The number of the probe.
        presence: What was found.
    """

    instance: str
    attempt: int
    presence: Presence


ConnectionEvent: TypeAlias = ConnectionLost | ConnectionRestored | PresenceFound


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The user, or a batch system, asks to stop the run once the instances have saved."""

    reason: str


@dataclass(frozen=True, slots=True)
class StopCommanded:
    """The run is to be stopped now.

    Attributes:
        reason: Why, for the user.
        is_interruption: Whether it is stopped from outside, rather than by an error.
    """

    reason: str
    is_interruption: bool


@dataclass(frozen=True, slots=True)
class SnapshotsCompleted:
    """There is a set of snapshots from which the run can be resumed."""


@dataclass(frozen=True, slots=True)
class AllocationEndKnown:
    """The run has to be over, or to begin saving, after this number of seconds."""

    seconds: float


StopEvent: TypeAlias = StopAsked | StopCommanded | SnapshotsCompleted | AllocationEndKnown


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The seconds of StartTimer are over."""

    timer: RunTimer


StateEvent: TypeAlias = ProcessEvent | InstanceEvent | ConnectionEvent | StopEvent | TimerFired
