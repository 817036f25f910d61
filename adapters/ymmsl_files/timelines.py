"""On which timeline each component of the flat model is, and whether the conduits agree with it."""

from __future__ import annotations

from collections.abc import Iterable

from ymmsl import v0_2

from adapters.ymmsl_files.expanding import Expansion
from domain.conduits import Conduit
from domain.errors import ConfigurationError
from domain.identity import Reference

Matches = tuple[tuple[str, ...], ...]


def matching_timelines(model: v0_2.Model) -> Matches:
    """Return a model's sets of matching timelines, the leading one first in each."""
    return tuple(
        (str(item.head), *sorted(map(str, item.matches - {item.head})))
        for item in model.matching_timelines or ()
    )


def flat_timelines(
    name: str, expansion: Expansion, conduits: Iterable[Conduit], matches: Matches
) -> dict[Reference, str]:
    """Return the timeline of each component of a flat model.

    Args:
        name: Name of the model, for messages.
        expansion: The unfolded model.
        conduits: Its conduits.
        matches: Its sets of matching timelines.

    Raises:
        ConfigurationError: If they form a cycle or do not match.
    """
    model = v0_2.Model(
        name,
        components=[_component(path, leaf.component) for path, leaf in expansion.leaves.items()],
        conduits=list(map(_conduit, conduits)),
        matching_timelines=[v0_2.MatchingTimelines(head, list(rest)) for head, *rest in matches],
    )
    try:
        v0_2.resolve_timelines(model)
    except v0_2.ResolveTimelineException as error:
        raise ConfigurationError(str(error)) from None
    return {Reference(str(item.name)): str(item.timeline) for item in model.components.values()}


def _component(path: Reference, component: v0_2.Component) -> v0_2.Component:
    return v0_2.Component(str(path), component.ports, "")


def _conduit(conduit: Conduit) -> v0_2.Conduit:
    filters = [v0_2.ConduitFilter(item.value) for item in conduit.filters]
    return v0_2.Conduit(str(conduit.sender), str(conduit.receiver), filters)
