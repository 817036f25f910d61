"""Handles user-started instances that lose their connection, as a table of states and transitions.

A coupling library reconnects only when it has something to send, which may take hours. So the
instance gets some seconds to reconnect, and then the manager probes its program. The manager gives
up on the instance if two probes in a row find no program: one is not enough, because MUSCLE3's
instances close their ports when they are done, and only then reconnect to deregister.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from domain.running.log_levels import LogLevel
from domain.running.presence import Presence
from domain.running.run_state.events import PresenceFound
from domain.running.run_state.failures import DISCONNECTED
from domain.running.run_state.instructions import (
    CancelTimer,
    Instruction,
    Log,
    Probe,
    StartTimer,
    Warn,
)
from domain.running.run_state.timers import RunTimer, TimerKind

FAREWELL_TIME: Final = 5.0
"""Maximum number of seconds before the manager probes again an instance that seems gone."""


class Contact(Enum):
    """States of an instance without a connection."""

    MISSING = "it has some time to reconnect"
    SOUGHT = "its program is being looked for"
    SUSPECTED = "its program was not running, and it has some more time to reconnect"
    SOUGHT_AGAIN = "its program is being looked for once more"
    GIVEN_UP = "it is gone for good"


class Sign(Enum):
    """Steps that take it from one state to another."""

    PATIENCE_OVER = "the time to reconnect is over"
    THERE = "its program is still running"
    UNKNOWN = "the manager cannot find out whether its program is still running"
    GONE = "its program is no longer running"


TRANSITIONS: Final[Mapping[Contact, Mapping[Sign, Contact]]] = {
    Contact.MISSING: {Sign.PATIENCE_OVER: Contact.SOUGHT},
    Contact.SOUGHT: {
        Sign.THERE: Contact.MISSING,
        Sign.UNKNOWN: Contact.MISSING,
        Sign.GONE: Contact.SUSPECTED,
    },
    Contact.SUSPECTED: {Sign.PATIENCE_OVER: Contact.SOUGHT_AGAIN},
    Contact.SOUGHT_AGAIN: {
        Sign.THERE: Contact.MISSING,
        Sign.UNKNOWN: Contact.MISSING,
        Sign.GONE: Contact.GIVEN_UP,
    },
    Contact.GIVEN_UP: {},
}
"""The state after a step. A step that is missing changes nothing."""


@dataclass(slots=True)
class _Loss:
    """A lost connection.

    Attributes:
        attempt: The number of the last probe.
        contact: The state of the instance.
        reported: What has been found and reported to the user.
    """

    attempt: int
    contact: Contact = Contact.MISSING
    reported: set[Presence] = field(default_factory=set)

    def take(self, sign: Sign) -> bool:
        """Go to the next state; return False if the table has no such step."""
        after = TRANSITIONS[self.contact].get(sign)
        if after is None:
            return False
        self.contact = after
        return True


class LostConnections:
    """Keeps track of the instances that the user started and that lost their connection.

    Args:
        patience: Seconds that an instance has to reconnect before its program is looked for.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._losses: dict[str, _Loss] = {}
        self._attempts = 0

    def lose(self, name: str) -> Iterator[Instruction]:
        """Give an instance time to reconnect."""
        yield Log(
            LogLevel.WARNING,
            f"instance '{name}' is disconnected: {DISCONNECTED}; if it does not reconnect within"
            f" {self._patience:g} s, the manager checks whether its program is still running",
        )
        # invalidates answers to earlier probes
        self._attempts += 1
        self._losses[name] = _Loss(self._attempts)
        yield StartTimer(_timer(name), self._patience)

    def restore(self, name: str) -> Iterator[Instruction]:
        """Forget that an instance lost its connection, if it did."""
        if self._losses.pop(name, None) is not None:
            yield CancelTimer(_timer(name))
            yield Log(LogLevel.INFO, f"instance '{name}' is connected again")

    def lose_patience(self, name: str) -> Iterator[Instruction]:
        """Probe the program of an instance."""
        loss = self._losses.get(name)
        if loss is None or not loss.take(Sign.PATIENCE_OVER):
            return
        self._attempts += 1
        loss.attempt = self._attempts
        yield Probe(name, loss.attempt)

    def find(self, found: PresenceFound) -> Generator[Instruction, None, Contact | None]:
        """React to the result of a probe.

        Returns:
            The new state of the instance's connection; None if the result is outdated.
        """
        name, presence = found.instance, found.presence
        loss = self._losses.get(name)
        if loss is None or loss.attempt != found.attempt or not loss.take(Sign[presence.name]):
            return None
        if loss.contact is Contact.GIVEN_UP:
            del self._losses[name]
            return Contact.GIVEN_UP
        if presence not in loss.reported:
            loss.reported.add(presence)
            yield _report(name, presence)
        is_suspected = loss.contact is Contact.SUSPECTED
        patience = min(FAREWELL_TIME, self._patience) if is_suspected else self._patience
        yield StartTimer(_timer(name), patience)
        return loss.contact


def _timer(name: str) -> RunTimer:
    return RunTimer(TimerKind.CONNECTION, name)


def _report(name: str, presence: Presence) -> Instruction:
    match presence:
        case Presence.GONE:
            return Log(
                LogLevel.INFO,
                f"instance '{name}' has not reconnected, and its program seems to be no longer"
                " running",
            )
        case Presence.THERE:
            return Log(
                LogLevel.INFO,
                f"instance '{name}' has not reconnected, but its program is still running: the run"
                " goes on, and the instance will reconnect when it has something to send",
            )
        case Presence.UNKNOWN:
            return Warn(
                f"instance '{name}' has not reconnected, and the manager cannot find out whether"
                " its program is still running: the run goes on. If the program has ended, stop the"
                " run with Ctrl-C, or by sending SIGTERM to the manager"
            )
