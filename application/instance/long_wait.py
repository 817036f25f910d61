"""Waits that exceed the receive timeout, and may be part of a deadlock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from application.interfaces.manager_link import ManagerLink
from application.interfaces.model_threads import ModelThreads
from domain.running.deadlock_suspicions import NO_SUSPICION, DeadlockAnswer

PAUSE_GROWTH: Final = 1.5
LONGEST_PAUSE: Final = 10.0
VERDICT_PAUSE: Final = 0.25
"""Maximum number of seconds between inquiries while other instances have yet to confirm."""

_NO_ANSWER: Final = DeadlockAnswer(is_deadlock=False)

Found = TypeVar("Found")


class LongWait:
    """Waits, and inquires at the manager whether it will be forever.

    It inquires only while all threads of the model wait. An answer may be a suspicion (see
    `domain.running.deadlock_suspicions`). Then it looks once more, and confirms the suspicion with
    the next inquiry, at once. Other pauses between inquiries increase.

    Args:
        link: Connection to the manager, which must have received a report of the wait.
        threads: The threads of the model.
    """

    def __init__(self, *, link: ManagerLink, threads: ModelThreads) -> None:
        self._link = link
        self._threads = threads

    def wait(
        self,
        attempt: Callable[[float], Found | None],
        *,
        port: str,
        slot: int | None,
        timeout: float,
    ) -> Found | None:
        """Return what an attempt finds; None if this instance is part of a deadlock.

        Args:
            attempt: Waits for a number of seconds; returns None if it has found nothing. With 0, it
                only looks whether something has arrived.
            port: The port on which the instance waits.
            slot: The slot of the port.
            timeout: The receive timeout, which determines the pauses.
        """
        with self._threads.waiting():
            pause, longest = timeout / 2, max(timeout, LONGEST_PAUSE)
            confirms = NO_SUSPICION
            while True:
                answer = self._inquire(port, slot, confirms)
                if answer.is_deadlock:
                    return attempt(0.0)
                if answer.suspicion == NO_SUSPICION:
                    step, pause = pause, min(pause * PAUSE_GROWTH, longest)
                elif answer.suspicion == confirms:
                    step = min(VERDICT_PAUSE, timeout / 2)
                else:
                    step = 0.0
                confirms = answer.suspicion
                found = attempt(step)
                if found is not None:
                    return found

    def _inquire(self, port: str, slot: int | None, confirms: int) -> DeadlockAnswer:
        if not self._threads.all_wait():
            return _NO_ANSWER
        return self._link.check_deadlock(port, slot, confirms=confirms)
