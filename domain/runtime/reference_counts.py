"""How often each member of a run holds each object."""

from __future__ import annotations

from collections import Counter


class ReferenceCounts:
    """Counts who holds what, for the objects that live in one process.

    Nothing is released while anything holds it. The methods that lower counts return the uids of
    the objects that nothing holds any longer, which the caller releases.
    """

    def __init__(self) -> None:
        self._holders: dict[str, Counter[str]] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def total(self, uid: str) -> int:
        """Return how often an object is held."""
        return sum(self._holders.get(uid, Counter()).values())

    def holders(self, uid: str) -> frozenset[str]:
        """Return the members that hold an object."""
        return frozenset(self._holders.get(uid, ()))

    def increase(self, holder: str, uid: str) -> None:
        """Count that a member holds an object once more."""
        self._holders.setdefault(uid, Counter())[holder] += 1

    def decrease(self, holder: str, uid: str) -> list[str]:
        """Count that a member holds an object once less. Ignored if it does not hold it."""
        counts = self._holders.get(uid)
        if counts is None or holder not in counts:
            return []
        counts[holder] -= 1
        if not counts[holder]:
            del counts[holder]
        return self._released([uid])

    def remove_holder(self, holder: str) -> list[str]:
        """Remove all counts of a member that has left or is lost."""
        held = [uid for uid, counts in self._holders.items() if holder in counts]
        for uid in held:
            del self._holders[uid][holder]
        return self._released(held)

    def pass_on(self, holder: str, keeper: str) -> bool:
        """Count what a member holds for another holder; return whether it holds anything."""
        held = [counts for counts in self._holders.values() if holder in counts]
        for counts in held:
            counts[keeper] += counts.pop(holder)
        return bool(held)

    def forget(self, uid: str) -> None:
        """Remove all counts of an object that was dropped."""
        self._holders.pop(uid, None)

    def _released(self, uids: list[str]) -> list[str]:
        released = [uid for uid in uids if not self._holders[uid]]
        for uid in released:
            del self._holders[uid]
        return released
