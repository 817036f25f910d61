"""Finds the conduits of the flat model by following links from program to program."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.ymmsl_files.flattening.expansion import Expansion, Link
from domain.coupling.conduits import Conduit, ConduitFilter, filter_order
from domain.errors import ConfigurationError
from domain.identity import Reference


def joined_conduits(expansion: Expansion, warnings: list[str]) -> tuple[Conduit, ...]:
    """Return the conduits between programs.

    Links to omitted components are omitted too, as are links to a port of a model that is not
    connected inside the model.

    Args:
        expansion: The expanded model.
        warnings: Receives a warning for each conduit whose messages no component receives.

    Raises:
        ConfigurationError: If joined conduits have filters in an invalid order.
    """
    conduits: list[Conduit] = []
    problems: list[str] = []
    for sender in expansion.links:
        if sender[:-1] in expansion.leaves:
            for trail in _trails(expansion, sender, warnings):
                try:
                    conduits.append(_joined(trail))
                except ValueError:
                    problems.append(_disorder(trail))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(conduits)


def _trails(
    expansion: Expansion, sender: Reference, warnings: list[str]
) -> Iterator[tuple[Link, ...]]:
    """Yield a chain of links for each port of a program that is reachable from a port."""
    for link in expansion.links.get(sender, ()):
        owner = link.receiver[:-1]
        if owner in expansion.leaves:
            yield (link,)
        elif owner in expansion.inner:
            if link.receiver not in expansion.links:
                warnings.append(_dead_end(link))
            for rest in _trails(expansion, link.receiver, warnings):
                yield (link, *rest)


def _dead_end(link: Link) -> str:
    return (
        f"No component receives the messages of '{link.sender}' to '{link.receiver}', since no"
        " conduit starts there. Add one, or remove this one."
    )


def _joined(trail: tuple[Link, ...]) -> Conduit:
    return Conduit(trail[0].sender, trail[-1].receiver, _filters(trail))


def _filters(trail: tuple[Link, ...]) -> tuple[ConduitFilter, ...]:
    return tuple(item for link in trail for item in link.filters)


def _disorder(trail: tuple[Link, ...]) -> str:
    filters = " ".join(item.value for item in _filters(trail))
    ports = " -> ".join(str(link.sender) for link in trail)
    return (
        f"The conduits {ports} -> {trail[-1].receiver} together have the filters '{filters}',"
        f" which are out of order: write {filter_order()}. Move or remove filters on one of these"
        " conduits."
    )
