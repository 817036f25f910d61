"""Stored values of the engine `inline`."""

from __future__ import annotations

from collections import Counter

from domain.runtime.errors import ValueLost
from domain.runtime.payloads import EngineValue, Payload


class InlineValues:
    """Keeps each value as long as any host retains it."""

    def __init__(self) -> None:
        self._payloads: dict[str, Payload] = {}
        self._holders: dict[str, Counter[str]] = {}
        self._stored = 0

    def put(self, holder: str, payload: Payload) -> EngineValue:
        """Store a copy of a payload, retained once by a host."""
        self._stored += 1
        value = EngineValue(f"{holder}/{self._stored}", payload.size)
        self._payloads[value.key] = frozen(payload)
        self._holders[value.key] = Counter([holder])
        return value

    def get(self, value: EngineValue) -> Payload:
        """Return a value.

        Raises:
            ValueLost: It does not exist.
        """
        try:
            return self._payloads[value.key]
        except KeyError:
            raise ValueLost(value.key, "it was released") from None

    def retain(self, holder: str, value: EngineValue) -> None:
        """Retain a value once more. Ignored if it does not exist."""
        if value.key in self._holders:
            self._holders[value.key][holder] += 1

    def release(self, holder: str, value: EngineValue) -> None:
        """Retain a value once less. Ignored if the host does not retain it."""
        counts = self._holders.get(value.key)
        if counts is None or holder not in counts:
            return
        counts[holder] -= 1
        if not counts[holder]:
            del counts[holder]
        self._free(value.key)

    def remove_holder(self, holder: str) -> None:
        """Release all that a host retains."""
        for key, counts in list(self._holders.items()):
            if counts.pop(holder, None) is not None:
                self._free(key)

    def stored(self, holder: str) -> int:
        """Return the number of bytes of the values that a host has stored."""
        return sum(
            payload.size
            for key, payload in self._payloads.items()
            if key.rpartition("/")[0] == holder
        )

    def _free(self, key: str) -> None:
        if not self._holders[key]:
            del self._holders[key]
            del self._payloads[key]


def frozen(payload: Payload) -> Payload:
    """Return a payload that later changes to its buffers do not change."""
    return Payload(bytes(payload.data), tuple(bytes(buffer) for buffer in payload.buffers))
