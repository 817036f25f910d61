"""Operators, ports, and the state of a port during a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

SETTINGS_IN = "muscle_settings_in"
"""The F_INIT port that every component has, and on which it receives an overlay."""


PortSlot: TypeAlias = tuple[str, "int | None"]
"""Name of a port, and a slot of it; None for a scalar port."""


def port_label(port: str, slot: int | None) -> str:
    """Format a port and slot for messages to users, such as `out` or `out[3]`."""
    return port if slot is None else f"{port}[{slot}]"


class Operator(Enum):
    """The place in the submodel execution loop at which a port is used.

    The values are those of the profile database (wire format).
    """

    F_INIT = 1
    """Initialisation: receives, once at the start of a run."""
    O_I = 2
    """Observation of an intermediate state: sends."""
    S = 3
    """State update: receives."""
    O_F = 5
    """Observation of the final state: sends, once at the end of a run."""

    def __eq__(self, other: object) -> bool:
        """Compare with another operator, including one of the same name from the ymmsl library.

        This lets a MUSCLE3 model look up ymmsl's operators in the result of `list_ports`.
        """
        if isinstance(other, Operator):
            return self is other
        return (
            isinstance(other, Enum)
            and type(other).__name__ == Operator.__name__
            and other.name == self.name
        )

    __hash__ = Enum.__hash__  # hash the name, so that ymmsl's operators have the same hash

    @property
    def allows_sending(self) -> bool:
        """Whether ports with this operator send."""
        return self is Operator.O_I or self is Operator.O_F

    @property
    def allows_receiving(self) -> bool:
        """Whether ports with this operator receive."""
        return self is Operator.F_INIT or self is Operator.S


@dataclass(frozen=True)
class Port:
    """A port of a component.

    Attributes:
        name: Its name, without the `[]` that may declare it a vector port.
        operator: Where in the loop it is used.
        timeline: The sub-timeline in its annotation; empty if it has no annotation.
    """

    name: str
    operator: Operator
    timeline: str = ""


def ports_in_ymmsl(ports: Iterable[Port]) -> str:
    """Return ports as one writes them after `ports:` in a yMMSL file.

    Example:
        >>> ports_in_ymmsl([Port("out", Operator.O_I), Port("in", Operator.S)])
        '{o_i: out, s: in}'
    """
    by_place: dict[tuple[str, Operator], list[str]] = {}
    for port in ports:
        if port.name != SETTINGS_IN:
            by_place.setdefault((port.timeline, port.operator), []).append(port.name)
    groups: dict[str, list[str]] = {"": []}
    for (timeline, operator), names in by_place.items():
        written = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
        groups.setdefault(timeline, []).append(f"{operator.name.lower()}: {written}")
    parts = groups.pop("")
    parts += [f"timeline {name}: {{{', '.join(inside)}}}" for name, inside in groups.items()]
    return f"{{{', '.join(parts)}}}"


class PortState:
    """The state of a port during a run.

    Attributes:
        port: Its declaration.
        is_connected: Whether a conduit is attached.
        length: Number of slots of a vector port, None for a scalar one.
        is_resizable: Whether the sender may change the length.
        message_counts: Messages sent or received so far, one entry for each slot; a single entry
            for a scalar port and for one without slots.
    """

    __slots__ = (
        "_open",
        "is_connected",
        "is_resizable",
        "length",
        "message_counts",
        "name",
        "operator",
        "port",
    )

    def __init__(
        self, port: Port, *, is_connected: bool, length: int | None, is_resizable: bool = False
    ) -> None:
        self.port = port
        self.name = port.name
        self.operator = port.operator
        self.is_connected = is_connected
        self.length = length
        self.is_resizable = is_resizable
        # a port without slots keeps its state, such as whether it is closed, on its first slot
        slots = max(length or 0, 1)
        self.message_counts = [0] * slots
        self._open = [True] * slots

    @property
    def is_vector(self) -> bool:
        """Whether the port has slots."""
        return self.length is not None

    def slots(self) -> list[int | None]:
        """The current slots: `[None]` for a scalar port."""
        return [None] if self.length is None else list(range(self.length))

    def set_length(self, length: int) -> None:
        """Change the number of slots; new ones start open, with no messages counted."""
        self.length = length
        missing = length - len(self.message_counts)
        if missing > 0:
            self.message_counts.extend([0] * missing)
            self._open.extend([True] * missing)

    def restore(self, counts: Sequence[int], length: int) -> None:
        """Restore the state from a snapshot.

        Args:
            counts: Messages passed so far; may have extra entries if the port was longer before.
            length: Number of slots, if the port is resizable.
        """
        if self.is_resizable:
            self.set_length(max(len(counts), length))
            self.set_length(length)
        self.message_counts[: len(counts)] = counts

    def is_open(self, slot: int | None = None) -> bool:
        """Whether the slot (or the scalar port) still expects messages."""
        return self._open[slot or 0]

    def open_slots(self) -> list[int | None]:
        """The slots that still expect messages; for a port without slots, the first slot."""
        return [slot for slot in self.slots() or [0] if self.is_open(slot)]

    def close(self, slot: int | None = None) -> None:
        """Mark a slot as closed: it passes no more messages."""
        self._open[slot or 0] = False
