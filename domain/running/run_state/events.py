"""Events that the state machine of a run reacts to.

They describe what happened outside: requests of instances, reports of agents, timers, and answers
to instructions. The events for subscribers of the manager are in `domain/running/events.py`.

The manager imports all of them when it starts, and Python creates the class of a named tuple ten
times as fast as that of a frozen dataclass.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from domain.coupling.messages import Wait
from domain.running.failure_kinds import FailureKind
from domain.running.presence import Presence
from domain.running.process_end import ProcessEnd
from domain.running.run_state.timers import RunTimer


class ProgramsAssigned(NamedTuple):
    """Agents will start these instances; the user starts all others."""

    instances: tuple[str, ...]


class ProcessStarted(NamedTuple):
    """A command to start the process of an instance was sent to an agent."""

    instance: str
    node: str


class ProcessEnded(NamedTuple):
    """An agent reports that the process of an instance ended."""

    instance: str
    end: ProcessEnd


class ErrorOutputRead(NamedTuple):
    """Answers ReadErrorOutput with the last lines that an instance wrote to stderr."""

    instance: str
    text: str


class NodeFailed(NamedTuple):
    """A node was lost. The ends of its processes are reported as well."""

    node: str
    reason: str


ProcessEvent: TypeAlias = (
    ProgramsAssigned | ProcessStarted | ProcessEnded | ErrorOutputRead | NodeFailed
)


class Registered(NamedTuple):
    """An instance registered.

    Attributes:
        instance: Its name.
        is_own: Whether it uses Conjoin's library rather than MUSCLE3's.
    """

    instance: str
    is_own: bool


class Deregistered(NamedTuple):
    """A registered instance is done."""

    instance: str


class WaitChanged(NamedTuple):
    """A registered instance reports what it waits to receive; None if it stopped waiting."""

    instance: str
    wait: Wait | None


class FailureReported(NamedTuple):
    """A registered instance reports an error because of which it will deregister.

    Attributes:
        instance: Its name.
        problem: The error, for the user.
        kind: What kind of failure it is; None if the instance does not report it.
    """

    instance: str
    problem: str
    kind: FailureKind | None


class DeadlockDetected(NamedTuple):
    """Instances wait for each other in a cycle, each for the next."""

    cycle: tuple[Wait, ...]


InstanceEvent: TypeAlias = (
    Registered | Deregistered | WaitChanged | FailureReported | DeadlockDetected
)


class ConnectionLost(NamedTuple):
    """A registered instance lost its connection to the manager."""

    instance: str


class ConnectionRestored(NamedTuple):
    """An instance that lost its connection is connected again."""

    instance: str


class PresenceFound(NamedTuple):
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


class StopAsked(NamedTuple):
    """The user, or a batch system, asks to stop the run once the instances have saved."""

    reason: str


class StopCommanded(NamedTuple):
    """The run is to be stopped now.

    Attributes:
        reason: Why, for the user.
        is_interruption: Whether it is stopped from outside, rather than by an error.
    """

    reason: str
    is_interruption: bool


class SnapshotsCompleted(NamedTuple):
    """There is a set of snapshots from which the run can be resumed."""


class AllocationEndKnown(NamedTuple):
    """The run has to be over, or to begin saving, after this number of seconds."""

    seconds: float


StopEvent: TypeAlias = StopAsked | StopCommanded | SnapshotsCompleted | AllocationEndKnown


class TimerFired(NamedTuple):
    """The seconds of StartTimer are over."""

    timer: RunTimer


StateEvent: TypeAlias = ProcessEvent | InstanceEvent | ConnectionEvent | StopEvent | TimerFired
