"""Decides when a cycle of waits is a deadlock.

Reports of waits can be out of date: while the manager was suspended, or a report was under way, the
message may have arrived. So a cycle is only a *suspicion*, until each of its instances has looked
for its message once more.

Suspicions are numbered in the order in which they arise. The answer to an inquiry contains the
latest number. The instance then looks for its message, and passes the number in its next inquiry.
This confirms that it found no message after all suspicions up to that number had arisen::

    event                                     suspicion        answer to the instance
    ----------------------------------------  ---------------  --------------------------------
    inquiry; some instance does not wait      none             no deadlock
    inquiry; all wait, not all have confirmed arises, or stays suspected, with the latest number
    inquiry; all wait, and have confirmed     is a deadlock    deadlock, if part of the cycle
    a wait begins, or ends                    is dropped       (with its confirmations)

An instance with several threads may have several waits, and continues as soon as one of them ends.
So it is stuck only if all its waits are for instances that are stuck. Therefore a suspicion
includes all waits that can be reached from the cycle, and each of them must be confirmed.

An instance reports a wait only after all messages that it has sent have arrived, and the end of a
wait before it continues. So if all waits of a suspicion are confirmed, no instance has sent
anything since the suspicion arose, and none ever will.

MUSCLE3's instances pass no number. They look for their message between two inquiries, so that an
inquiry confirms the number that was the latest at the previous one.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias, TypeVar

from domain.coupling.messages import Wait, WaitKey
from domain.running.deadlock import WaitGraph

NO_SUSPICION: Final = 0

Waits: TypeAlias = "frozenset[Wait]"

_Value = TypeVar("_Value")


class DeadlockAnswer(NamedTuple):
    """The answer to an instance that inquires whether it is part of a deadlock.

    Attributes:
        is_deadlock: Whether it is.
        suspicion: Number to confirm with the next inquiry, after looking for the message again;
            NO_SUSPICION if there is nothing to confirm.
    """

    is_deadlock: bool
    suspicion: int = NO_SUSPICION


class DeadlockSuspicions:
    """The waits of all instances, and the cycles among them."""

    def __init__(self) -> None:
        self._graph = WaitGraph()
        self._latest = NO_SUSPICION
        self._arisen: dict[Waits, int] = {}
        self._confirmed: dict[WaitKey, int] = {}
        self._latest_at_inquiry: dict[str, int] = {}
        self._found: dict[Waits, tuple[Wait, ...]] = {}
        self._new: list[tuple[Wait, ...]] = []

    def add(self, wait: Wait) -> None:
        """Record that a wait begins."""
        self._drop_suspicions_about(wait.instance)
        self._graph.add(wait)

    def remove(self, wait: Wait) -> None:
        """Record that a wait ends."""
        self._drop_suspicions_about(wait.instance)
        self._graph.remove(wait)

    def remove_instance(self, instance: str) -> None:
        """Remove all waits of an instance that is gone."""
        self._drop_suspicions_about(instance)
        self._graph.remove_instance(instance)

    def inquire(self, key: WaitKey, *, confirms: int) -> DeadlockAnswer:
        """Return whether an instance that waits is part of a deadlock.

        Args:
            key: Which of its waits the instance inquires about.
            confirms: The suspicion in the last answer, if the instance has found no message since,
                and all its threads wait; NO_SUSPICION otherwise.
        """
        self._confirm(key, confirms)
        instance, _, _ = key
        return self._answer(instance)

    def inquire_without_number(self, instance: str) -> DeadlockAnswer:
        """Return whether an instance is part of a deadlock, if it uses MUSCLE3's protocol."""
        for wait in self._graph.waits_of(instance):
            self._confirm(wait.key, self._latest_at_inquiry.get(instance, NO_SUSPICION))
        answer = self._answer(instance)
        self._latest_at_inquiry[instance] = answer.suspicion
        return answer

    def take_new_deadlocks(self) -> list[tuple[Wait, ...]]:
        """Return the cycles of waits that were found to be deadlocks since the last call."""
        found, self._new = self._new, []
        return found

    def _confirm(self, key: WaitKey, number: int) -> None:
        if number > self._confirmed.get(key, NO_SUSPICION):
            self._confirmed[key] = min(number, self._latest)

    def _answer(self, instance: str) -> DeadlockAnswer:
        waits = self._graph.stuck_waits(instance)
        if not waits:
            return DeadlockAnswer(is_deadlock=False)
        cycle = self._graph.find_cycle(instance)
        is_deadlock = bool(cycle) and self._is_confirmed(waits)
        if is_deadlock:
            self._note_found(cycle)
        return DeadlockAnswer(is_deadlock, self._latest)

    def _is_confirmed(self, waits: Waits) -> bool:
        if waits not in self._arisen:
            self._latest += 1
            self._arisen[waits] = self._latest
        number = self._arisen[waits]
        return all(self._confirmed.get(wait.key, NO_SUSPICION) >= number for wait in waits)

    def _note_found(self, cycle: tuple[Wait, ...]) -> None:
        waits = frozenset(cycle)
        if waits not in self._found:
            self._found[waits] = cycle
            self._new.append(cycle)

    def _drop_suspicions_about(self, instance: str) -> None:
        for wait in self._graph.waits_of(instance):
            self._confirmed.pop(wait.key, None)
        self._latest_at_inquiry.pop(instance, None)
        self._arisen = _without(instance, self._arisen)
        self._found = _without(instance, self._found)


def _without(instance: str, table: dict[Waits, _Value]) -> dict[Waits, _Value]:
    return {
        waits: value
        for waits, value in table.items()
        if all(wait.instance != instance for wait in waits)
    }
