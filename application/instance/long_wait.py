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

ARRIVAL_PAUSE: Final = 1.0
"""Maximum number of seconds between looking whether all messages have arrived."""

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
        in_transit: Whether a message of this instance has not arrived yet. Meanwhile, another
            instance may wait for it without being deadlocked. So such an instance reports no wait,
            and confirms no suspicion.
    """

    def __init__(
        self,
        *,
        link: ManagerLink,
        threads: ModelThreads,
        in_transit: Callable[[], bool] = lambda: False,
    ) -> None:
        self._link = link
        self._threads = threads
        self._in_transit = in_transit

    def until_arrived(
        self, attempt: Callable[[float], Found | None], *, timeout: float
    ) -> Found | None:
        """Wait until all messages of this instance have arrived.

        Only then does the caller report a wait: a suspicion that includes it arises later, so that
        each instance that confirms the suspicion has looked after the messages arrived.

        Args:
            attempt: Waits for a number of seconds; returns None if it has found nothing.
            timeout: The receive timeout, which determines the pauses.

        Returns:
            What an attempt finds before that; None if all have arrived.
        """
        found = None
        while found is None and self._in_transit():
            found = attempt(min(timeout, ARRIVAL_PAUSE))
        return found

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
        if not self._threads.all_wait() or self._in_transit():
            return _NO_ANSWER
        return self._link.check_deadlock(port, slot, confirms=confirms)
