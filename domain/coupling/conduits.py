"""Conduits and the filters on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from domain.identity import Reference


class ConduitFilter(Enum):
    """What a conduit does to the messages that pass through it."""

    LAST = "last"
    """Pass only the last message of each iteration (a reducer, at the sender)."""
    REPEAT = "repeat"
    """Give the same message as often as it is asked for (at the receiver)."""
    PAD = "pad"
    """Give the message once, then empty ones (at the receiver)."""

    @property
    def is_reducer(self) -> bool:
        """Whether the filter takes away a level of iteration."""
        return self is ConduitFilter.LAST

    @property
    def is_repeater(self) -> bool:
        """Whether the filter adds a level of iteration."""
        return self is not ConduitFilter.LAST


@dataclass(frozen=True)
class Conduit:
    """Joins a sending port to a receiving one.

    Attributes:
        sender: Component and port that send, without indices.
        receiver: Component and port that receive, without indices.
        filters: Filters, in the order in which they apply.
    """

    sender: Reference
    receiver: Reference
    filters: tuple[ConduitFilter, ...] = ()

    def __post_init__(self) -> None:
        ranks = [list(ConduitFilter).index(item) for item in self.filters]
        if ranks != sorted(ranks):
            names = " ".join(item.value for item in self.filters)
            msg = f"Filters '{names}' of {self} are out of order: write last, then repeat, then pad"
            raise ValueError(msg)

    @property
    def sending_component(self) -> Reference:
        """Name of the component that sends."""
        return self.sender[:-1]

    @property
    def sending_port(self) -> str:
        """Name of the port that sends."""
        return str(self.sender[-1])

    @property
    def receiving_component(self) -> Reference:
        """Name of the component that receives."""
        return self.receiver[:-1]

    @property
    def receiving_port(self) -> str:
        """Name of the port that receives."""
        return str(self.receiver[-1])

    @property
    def reducers(self) -> tuple[ConduitFilter, ...]:
        """The filters that the sender applies."""
        return tuple(item for item in self.filters if item.is_reducer)

    @property
    def repeaters(self) -> tuple[ConduitFilter, ...]:
        """The filters that the receiver applies."""
        return tuple(item for item in self.filters if item.is_repeater)

    def __str__(self) -> str:
        filters = "".join(f"{item.value} " for item in self.filters)
        return f"{self.sender} -> {filters}{self.receiver}"
