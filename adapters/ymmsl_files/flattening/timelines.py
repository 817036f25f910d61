"""On which timeline each component of the flat model is, and whether the conduits agree with it.

Each model is checked as it stands in its file, and the timelines are put together from the outside
inwards, as MUSCLE3 does: in a component `outer` that `driver` calls, a component `a` that calls `b`
is on `driver:outer.a`, and `b` on `driver:outer.a:outer.b`. What `outer` calls, whichever component
inside it does so, is on `outer:called`.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

from ymmsl import v0_2

from adapters.ymmsl_files.flattening.expansion import Expansion
from adapters.ymmsl_files.flattening.timeline_errors import explained
from adapters.ymmsl_files.flattening.timeline_matches import matches_behind, united
from adapters.ymmsl_files.flattening.translation import reference
from adapters.ymmsl_files.reading.origins import Origins
from domain.errors import ConfigurationError
from domain.identity import Reference

Parts = tuple[str, ...]


@dataclass
class FlatTimelines:
    """Timelines in a flat model.

    Attributes:
        own: The timeline of each component, that of an inner model too, its own name last.
        matching: Sets of matching timelines, the leading one first in each.
    """

    own: dict[Reference, str] = field(default_factory=dict)
    matching: list[tuple[str, ...]] = field(default_factory=list)


def flat_timelines(root: v0_2.Model, expansion: Expansion, origins: Origins) -> FlatTimelines:
    """Return the timelines of all components of an unfolded model.

    Args:
        root: The outermost model.
        expansion: The unfolded model.
        origins: Where the models are from, for messages.

    Raises:
        ConfigurationError: If they form a cycle or do not match.
    """
    result = FlatTimelines()
    _add(root, Reference(()), expansion, origins, result)
    for inner in expansion.inner.values():
        _add(inner.model, inner.path, expansion, origins, result)
        result.matching += matches_behind(inner, expansion, result.own)
    result.matching = united(result.matching)
    return result


def _add(
    model: v0_2.Model,
    path: Reference,
    expansion: Expansion,
    origins: Origins,
    result: FlatTimelines,
) -> None:
    pruned = _pruned(model, path, expansion)
    around = _parent(result.own[path]) if len(path) else ()
    try:
        v0_2.resolve_timelines(pruned)
    except v0_2.ResolveTimelineException as error:
        raise ConfigurationError(f"{origins.model(model)}: {explained(error)}") from None
    for component in pruned.components.values():
        assert component.timeline is not None
        parts = (*around, *_outside(component.timeline, pruned, path))
        result.own[path + reference(component.name)] = ":".join(parts)
    for match in pruned.matching_timelines or ():
        rest = sorted(match.matches - {match.head})
        result.matching.append(
            tuple(
                ":".join((*around, *_outside(item, pruned, path))) for item in (match.head, *rest)
            )
        )


def _pruned(model: v0_2.Model, path: Reference, expansion: Expansion) -> v0_2.Model:
    """Return a copy of a model with only what will run."""
    result = copy(model)
    result.components = {
        name: copy(component)
        for name, component in model.components.items()
        if path + reference(name) in expansion
    }
    has_ports = len(path) > 0
    result.conduits = [
        conduit
        for conduit in model.conduits
        if all(
            end in result.components or (not len(end) and has_ports)
            for end in (conduit.sending_component(), conduit.receiving_component())
        )
    ]
    return result


def _outside(timeline: v0_2.Timeline, model: v0_2.Model, path: Reference) -> Parts:
    return tuple(str(_part_outside(part, model, path)) for part in timeline)


def _part_outside(part: v0_2.Reference, model: v0_2.Model, path: Reference) -> Reference:
    """Return a part of a timeline as it is called outside; that of the model's own ports too."""
    length = len(model.name)
    if len(path) and part[:1] not in model.components and part[:length] == model.name:
        rest = part[length:]
        return path + reference(rest) if len(rest) else path
    return path + reference(part)


def _parent(timeline: str) -> Parts:
    return tuple(timeline.split(":")[:-1])
