"""Finds timelines inside a model that appear as one timeline outside.

Two components inside a model may act as one component: one sends on the model's o_i port, the other
receives on its s port. In the flat model these have two timelines, which must be listed as
matching.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ymmsl import v0_2

from adapters.ymmsl_files.flattening.expansion import Expansion, Inner
from adapters.ymmsl_files.flattening.translation import reference
from domain.coupling.ports import SETTINGS_IN
from domain.identity import Reference


def matches_behind(
    inner: Inner, expansion: Expansion, own: Mapping[Reference, str]
) -> Iterator[tuple[str, ...]]:
    """Yield the timelines inside a model that appear as one timeline outside.

    Args:
        inner: A component that is implemented by a model.
        expansion: The expanded model.
        own: The timeline of each component, ending in its own name.
    """
    behind: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for conduit in inner.model.conduits:
        for outer, end in (
            (conduit.sender, conduit.receiver),
            (conduit.receiver, conduit.sender),
        ):
            path = inner.path + reference(end[:-1])
            if len(outer) > 1 or len(end) == 1 or conduit.filters or path not in expansion:
                continue
            seen_from_outside = _message_timeline(own[inner.path], outer, inner.model.ports)
            component = inner.model.components[end[:-1]]
            timeline = _message_timeline(own[path], end, component.ports)
            if _is_in_between(outer, inner.model.ports):
                behind[seen_from_outside][timeline] = None
    yield from ((head, *rest) for head, rest in behind.items())


def _is_in_between(end: v0_2.Reference, ports: v0_2.Ports) -> bool:
    port = str(end[-1])
    return ports[port].operator in (v0_2.Operator.O_I, v0_2.Operator.S)


def _message_timeline(timeline: str, end: v0_2.Reference, ports: v0_2.Ports) -> str:
    """Return the timeline on which the messages of a component's port are counted.

    Args:
        timeline: The component's timeline.
        end: The port; only its last part is used.
        ports: The component's ports.
    """
    name = str(end[-1])
    if name == SETTINGS_IN or not _is_in_between(end, ports):
        return ":".join(_parent(timeline))
    last = timeline.rpartition(":")[2]
    sub = [f"{last}.{part}" for part in ports[name].timeline] or [last]
    return ":".join([*_parent(timeline), *sub])


def united(matches: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Merge the sets that have a timeline in common.

    Args:
        matches: Sets of matching timelines.
    """
    result: list[dict[str, None]] = []
    for match in matches:
        joined = dict.fromkeys(match)
        for other in [item for item in result if item.keys() & joined.keys()]:
            result.remove(other)
            joined = other | joined
        result.append(joined)
    return [tuple(item) for item in result]


def _parent(timeline: str) -> list[str]:
    return timeline.split(":")[:-1]
