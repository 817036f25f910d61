"""Conduits, and the names of the filters on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from domain.identity import Reference


class ConduitFilter(Enum):
    """The filters, by their names in yMMSL and in the protocol.

    They are listed in the order in which a conduit may have them. `domain.coupling.filters`
    implements them.
    """

    LAST = "last"
    """Pass only the last message of each iteration (a reducer, at the sender)."""
    REPEAT = "repeat"
    """Deliver the same message for each iteration (a repeater, at the receiver)."""
    PAD = "pad"
    """Deliver the message once, then empty messages (a repeater, at the receiver)."""


def filter_order() -> str:
    """Return the order in which a conduit may have filters, as text.

    Example:
        >>> filter_order()
        'last, then repeat, then pad'
    """
    return ", then ".join(item.value for item in ConduitFilter)


@dataclass(frozen=True)
class Conduit:
    """Connects a sending port to a receiving port.

    Attributes:
        sender: Component and port that send, without indices.
        receiver: Component and port that receive, without indices.
        filters: Filters, in the order in which messages pass them.

    Raises:
        ValueError: If the filters are out of order.
    """

    sender: Reference
    receiver: Reference
    filters: tuple[ConduitFilter, ...] = ()

    def __post_init__(self) -> None:
        ranks = [list(ConduitFilter).index(item) for item in self.filters]
        if ranks != sorted(ranks):
            names = " ".join(item.value for item in self.filters)
            msg = f"Filters '{names}' of {self} are out of order: write {filter_order()}"
            raise ValueError(msg)

    @cached_property
    def sending_component(self) -> Reference:
        """Name of the component that sends."""
        return self.sender[:-1]

    @cached_property
    def sending_port(self) -> str:
        """Name of the port that sends."""
        return str(self.sender[-1])

    @cached_property
    def receiving_component(self) -> Reference:
        """Name of the component that receives."""
        return self.receiver[:-1]

    @cached_property
    def receiving_port(self) -> str:
        """Name of the port that receives."""
        return str(self.receiver[-1])

    def __str__(self) -> str:
        filters = "".join(f"{item.value} " for item in self.filters)
        return f"{self.sender} -> {filters}{self.receiver}"
