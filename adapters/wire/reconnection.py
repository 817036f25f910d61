"""Decides when to reconnect after a connection was lost, and when to give up; without a clock.

::

                 connected               opened              end
    DISCONNECTED ─────────> OPENING ───────────────> OPEN ─────────> ENDED
      │      ▲                 │                       │
      │      └──────────────── lost ───────────────────┘
      └───────── lost for too long ───────> LOST
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from domain.errors import LocalProtocolError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and for how long to retry. The defaults are those of MUSCLE3's clients.

    The first retry follows at once, the second after `first_pause`.

    Attributes:
        give_up_after: Seconds after the first failure at which to give up.
        open_within: Timeout for opening a new connection, in seconds; None for `give_up_after`.
        first_pause: Seconds to pause before the second retry.
        growth: Factor by which the pause grows with each further retry.
    """

    give_up_after: float = 60.0
    first_pause: float = 0.5
    growth: float = 2 ** (1 / 3)
    open_within: float | None = None


DEFAULT_RETRIES: Final = RetryPolicy()

LOCAL_RETRIES: Final = RetryPolicy(open_within=7 * 86400.0)
"""For a server on the same machine: if it accepts a connection but does not respond, it may be
suspended, for any length of time. If it has ended, the connection is closed at once."""


class ConnectionState(Enum):
    """The state of a connection, from the point of view of the side that connects.

    Attributes:
        DISCONNECTED: This side can connect, once the deadline has passed.
        OPENING: Both sides exchange greetings, until the deadline has passed.
        OPEN: The connection can be used.
        LOST: Final: the other side could not be reached for too long.
        ENDED: Final: this side has ended the exchange.
    """

    DISCONNECTED = auto()
    OPENING = auto()
    OPEN = auto()
    LOST = auto()
    ENDED = auto()


class Reconnection:
    """The state of a connection that is restored when it is lost.

    All times are seconds of one monotonic clock.

    Args:
        policy: How often and for how long to retry.

    Attributes:
        state: The current state.
        deadline: In state DISCONNECTED, when to connect; None means immediately. In state OPENING,
            how long to wait for the connection to open. None in all other states.
    """

    __slots__ = ("_connected_at", "_give_up_at", "_pause", "_policy", "deadline", "state")

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._give_up_at: float | None = None
        self._pause = 0.0
        self._connected_at = 0.0
        self.state = ConnectionState.DISCONNECTED
        self.deadline: float | None = None

    def restart(self) -> None:
        """Forget all failures."""
        self._give_up_at = None
        self._pause = 0.0

    def limit(self, seconds: float, *, now: float) -> None:
        """From now on, give up after fewer seconds, also if retries are in progress."""
        shortest = min(self._policy.give_up_after, seconds)
        self._policy = replace(self._policy, give_up_after=shortest, open_within=None)
        if self._give_up_at is not None:
            self._give_up_at = min(self._give_up_at, now + seconds)

    def connected(self, now: float) -> None:
        """Begin to open a new connection.

        Raises:
            LocalProtocolError: If the state is not DISCONNECTED.
        """
        if self.state is not ConnectionState.DISCONNECTED:
            msg = f"a new connection was made while the state was {self.state.name}"
            raise LocalProtocolError(msg)
        self.state = ConnectionState.OPENING
        self._connected_at = now
        open_within = self._policy.open_within
        self.deadline = now + (self._policy.give_up_after if open_within is None else open_within)

    def opened(self) -> None:
        """Begin to use the connection."""
        if self.state is ConnectionState.OPENING:
            self.state = ConnectionState.OPEN
            self.deadline = None

    def lost(self, now: float, *, may_retry: bool = True) -> None:
        """Schedule a retry, or give up if retries cannot help or have failed for too long.

        Args:
            now: When the connection was lost, or the attempt failed.
            may_retry: Whether a retry may help.
        """
        if self.state in (ConnectionState.LOST, ConnectionState.ENDED):
            return
        age = now - self._connected_at
        if self.state is ConnectionState.OPEN and age > self._policy.give_up_after:
            self.restart()
        retry_at = self._next_try(now)
        is_lost = retry_at is None or not may_retry
        self.state = ConnectionState.LOST if is_lost else ConnectionState.DISCONNECTED
        self.deadline = None if is_lost else retry_at

    def end(self) -> None:
        """End the exchange: stop using connections."""
        self.state = ConnectionState.ENDED
        self.deadline = None

    def _next_try(self, now: float) -> float | None:
        if self._give_up_at is None:
            self._give_up_at = now + self._policy.give_up_after
        result = now + self._pause
        if result > self._give_up_at:
            return None
        self._pause = self._pause * self._policy.growth or self._policy.first_pause
        return result
