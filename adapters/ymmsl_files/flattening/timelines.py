"""Assigns a timeline to each component of the flat model, and checks the conduits against them.

Each model is checked as written, and the timelines are composed from the outermost model inwards,
as in MUSCLE3. If `driver` calls a component `outer`, in which `a` calls `b`, then `a` is on
`driver:outer.a`, and `b` is on `driver:outer.a:outer.b`. A component that `outer` calls is on
`outer:called`, no matter which component inside `outer` calls it.
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
        own: The timeline of each component, including inner models; it ends in the own name.
        matching: Sets of matching timelines, each with the leading one first.
    """

    own: dict[Reference, str] = field(default_factory=dict)
    matching: list[tuple[str, ...]] = field(default_factory=list)


def flat_timelines(root: v0_2.Model, expansion: Expansion, origins: Origins) -> FlatTimelines:
    """Return the timelines of all components of an expanded model.

    Args:
        root: The outermost model.
        expansion: The expanded model.
        origins: The files of the models, for messages.

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
        text = f"{explained(error)}{origins.conversion_advice(model)}"
        raise ConfigurationError(f"{origins.model(model)}: {text}") from None
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
    """Return a copy of a model with only the components that will run."""
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
    """Return the name of a part of a timeline as seen from outside the model."""
    length = len(model.name)
    if len(path) and part[:1] not in model.components and part[:length] == model.name:
        rest = part[length:]
        return path + reference(rest) if len(rest) else path
    return path + reference(part)


def _parent(timeline: str) -> Parts:
    return tuple(timeline.split(":")[:-1])
