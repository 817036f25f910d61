"""Which stored values are still needed, and by which processes."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Entry:
    owner: str
    size: int
    can_spill: bool
    holds: Counter[str] = field(default_factory=Counter)
    maps: Counter[str] = field(default_factory=Counter)
    is_spilled: bool = False

    @property
    def is_free(self) -> bool:
        return not any(self.holds.values()) and not self.is_mapped

    @property
    def is_mapped(self) -> bool:
        return any(self.maps.values())

    @property
    def shared_bytes(self) -> int:
        return self.size if self.can_spill and not self.is_spilled else 0


class ValueLedger:
    """Counts how often processes hold and map values.

    A hold that passes from one process to another is added by its sender and removed by its
    receiver. The removal may arrive first, so that a count can be negative for a while. A value is
    free when all its counts are zero.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lost: set[str] = set()
        self._shared_bytes = 0

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    @property
    def shared_bytes(self) -> int:
        """Bytes of the values in shared memory."""
        return self._shared_bytes

    def is_mapped(self, key: str) -> bool:
        """Whether a process maps a value."""
        return self._entries[key].is_mapped

    def stored_by(self, uid: str) -> int:
        """Return the number of bytes that a process stored and that are still needed."""
        return sum(entry.size for entry in self._entries.values() if entry.owner == uid)

    def spilled_of(self, uid: str) -> int:
        """Return how many of these bytes are spilled."""
        return sum(
            entry.size
            for entry in self._entries.values()
            if entry.owner == uid and entry.is_spilled
        )

    def add(self, key: str, size: int, owner: str, *, can_spill: bool = True) -> None:
        """Add a value, which its owner holds once.

        Args:
            key: Its key.
            size: Number of bytes.
            owner: The process that stored it.
            can_spill: Whether it is in shared memory.

        Raises:
            ValueError: If the key is in use.
        """
        if key in self._entries:
            msg = f"value {key} exists already"
            raise ValueError(msg)
        entry = _Entry(owner, size, can_spill)
        if owner not in self._lost:
            entry.holds[owner] = 1
        self._entries[key] = entry
        self._shared_bytes += entry.shared_bytes

    def forget(self, key: str) -> None:
        """Remove a value, whatever its counts are."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._shared_bytes -= entry.shared_bytes

    def hold(self, key: str, uid: str) -> None:
        """Count one more hold of a process."""
        if key in self._entries and uid not in self._lost:
            self._entries[key].holds[uid] += 1

    def release(self, key: str, uid: str, count: int = 1) -> bool:
        """Count fewer holds; return whether the value is free now. It is then forgotten."""
        if key not in self._entries or uid in self._lost:
            return False
        self._entries[key].holds[uid] -= count
        return self.forget_if_free(key)

    def map(self, key: str, uid: str) -> None:
        """Count one more mapping of a process, which counts as a use."""
        self._entries[key].maps[uid] += 1
        self._entries.move_to_end(key)

    def unmap(self, key: str, uid: str) -> bool:
        """Count one mapping less; return whether the value is free now. It is then forgotten."""
        if key not in self._entries or uid in self._lost:
            return False
        self._entries[key].maps[uid] -= 1
        return self.forget_if_free(key)

    def spill(self, key: str) -> None:
        """Record that a value is in a file, and not in shared memory."""
        entry = self._entries[key]
        self._shared_bytes -= entry.shared_bytes
        entry.is_spilled = True

    def to_spill(self, limit: int) -> Iterator[str]:
        """Yield the values to spill, least recently used first, until the rest fits in a limit.

        Values that a process maps would stay in memory, so they are left out.
        """
        excess = self._shared_bytes - limit
        for key, entry in list(self._entries.items()):
            if excess <= 0:
                return
            if entry.shared_bytes and not entry.is_mapped:
                excess -= entry.size
                yield key

    def to_spill_of(self, uid: str, nbytes: int) -> Iterator[str]:
        """Yield values that a process stored, to free so many bytes; least recently used first."""
        for key, entry in list(self._entries.items()):
            if nbytes <= 0:
                return
            if entry.owner == uid and entry.shared_bytes and not entry.is_mapped:
                nbytes -= entry.size
                yield key

    def host_lost(self, uid: str) -> Sequence[str]:
        """Remove the holds and mappings of a process; return the values that are free now."""
        self._lost.add(uid)
        freed = []
        for key, entry in list(self._entries.items()):
            entry.holds.pop(uid, None)
            entry.maps.pop(uid, None)
            if self.forget_if_free(key):
                freed.append(key)
        return freed

    def forget_if_free(self, key: str) -> bool:
        """Forget a value if it is free, and return whether it was."""
        if key not in self._entries or not self._entries[key].is_free:
            return False
        self.forget(key)
        return True
