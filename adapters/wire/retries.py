"""When to try again after a connection was lost, and when to give up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and for how long to retry. The defaults are those of MUSCLE3's clients.

    The first retry follows at once, the second after `first_pause`.

    Attributes:
        give_up_after: Seconds after the first failure at which to give up.
        first_pause: Seconds to pause before the second retry.
        growth: Factor by which each further pause is longer.
    """

    give_up_after: float = 60.0
    first_pause: float = 0.5
    growth: float = 2 ** (1 / 3)


DEFAULT_RETRIES: Final = RetryPolicy()


class Retries:
    """The failures since something last worked.

    Args:
        policy: How often and for how long to retry.
    """

    __slots__ = ("_deadline", "_pause", "_policy")

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._deadline: float | None = None
        self._pause = 0.0

    def reset(self) -> None:
        """Forget all failures."""
        self._deadline = None
        self._pause = 0.0

    def next_try(self, now: float) -> float | None:
        """Record a failure; return when to try again, or None to give up.

        Args:
            now: Time of the failure, in seconds of any clock that only advances.
        """
        if self._deadline is None:
            self._deadline = now + self._policy.give_up_after
        result = now + self._pause
        if result > self._deadline:
            return None
        self._pause = self._pause * self._policy.growth or self._policy.first_pause
        return result
