"""When to connect again after a connection was lost, and when to give up; without a clock.

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
        give_up_after: Seconds after the first failure at which to give up. Also how long a new
            connection may take to open.
        first_pause: Seconds to pause before the second retry.
        growth: Factor by which each further pause is longer.
    """

    give_up_after: float = 60.0
    first_pause: float = 0.5
    growth: float = 2 ** (1 / 3)


DEFAULT_RETRIES: Final = RetryPolicy()


class ConnectionState(Enum):
    """What the side that connects can do now.

    Attributes:
        DISCONNECTED: Connect, once the deadline has passed.
        OPENING: Exchange greetings, until the deadline has passed.
        OPEN: Use the connection.
        LOST: Nothing any more: the other side could not be reached for too long.
        ENDED: Nothing any more: this side has ended the exchange.
    """

    DISCONNECTED = auto()
    OPENING = auto()
    OPEN = auto()
    LOST = auto()
    ENDED = auto()


class Reconnection:
    """The state of a connection that is made again when it is lost.

    All times are seconds of one clock that only advances.

    Args:
        policy: How often and for how long to retry.

    Attributes:
        state: What can be done now.
        deadline: When to connect, or how long to wait for the connection to open. None means at
            once for the former; in all other states there is no deadline.
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
        """Give up after fewer seconds from now on, also if retries are under way."""
        shortest = min(self._policy.give_up_after, seconds)
        self._policy = replace(self._policy, give_up_after=shortest)
        if self._give_up_at is not None:
            self._give_up_at = min(self._give_up_at, now + seconds)

    def connected(self, now: float) -> None:
        """Begin to open a new connection.

        Raises:
            LocalProtocolError: If there is one already, or never can be one again.
        """
        if self.state is not ConnectionState.DISCONNECTED:
            msg = f"a new connection was made while the state was {self.state.name}"
            raise LocalProtocolError(msg)
        self.state = ConnectionState.OPENING
        self._connected_at = now
        self.deadline = now + self._policy.give_up_after

    def opened(self) -> None:
        """Begin to use the connection."""
        if self.state is ConnectionState.OPENING:
            self.state = ConnectionState.OPEN
            self.deadline = None

    def lost(self, now: float, *, may_retry: bool = True) -> None:
        """Retry later, or give up if that is useless or has failed for too long.

        Args:
            now: When the connection was lost, or could not be made.
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
        """Use no connection any more."""
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
