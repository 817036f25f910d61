"""Infers the timelines of v0.1 files, which MUSCLE3 0.10 did not have.

MUSCLE3 0.10 did not check in which order a component sends and receives. Models of two kinds, which
it ran, need timelines in v0.2:

- An o_i port that is joined to an s port: both components take the same steps, so their timelines
  match.
- An o_i port to which no answer comes back: the component may send on it less often than on its
  other ports, such as its whole state every tenth step, so this port gets a timeline of its own.

Such an output is recognised by following its conduits: no component that they lead to exchanges
messages with the other o_i and s ports of the sender.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ymmsl import v0_2

_Node = tuple[str, str]
"""A component, and which of its ports: those of a call, those of its steps, or a single one."""

_BETWEEN = (v0_2.Operator.O_I, v0_2.Operator.S)


def infer_timelines(model: v0_2.Model) -> list[str]:
    """Add the timelines that a converted v0.1 model needs.

    Args:
        model: The model, which is modified.

    Returns:
        A description of each addition, for a warning.
    """
    outputs = _separate_outputs(model)
    pairs = _match_lockstep(model)
    return [
        *(
            f"'{port}' may be sent less often than the other ports of '{port[:-1]}'"
            for port in outputs
        ),
        *(f"'{head}' and '{other}' take the same steps" for head, other in pairs),
    ]


def _separate_outputs(model: v0_2.Model) -> list[v0_2.Reference]:
    """Give outputs of a component that has other steps a timeline; return their ports."""
    connected = {end for conduit in model.conduits for end in (conduit.sender, conduit.receiver)}
    separated: list[v0_2.Reference] = []
    for component in model.components.values():
        steps = [
            port
            for port in component.ports.values()
            if port.operator in _BETWEEN and component.name + port.name in connected
        ]
        outputs = _outputs(model, component, steps)
        grouped = sum(len(group) for group in outputs)
        for group in outputs if grouped < len(steps) else outputs[1:]:
            for port in group:
                port.timeline = v0_2.Timeline(str(group[0].name))
                separated.append(component.name + port.name)
    return separated


def _outputs(
    model: v0_2.Model, component: v0_2.Component, steps: list[v0_2.Port]
) -> list[list[v0_2.Port]]:
    """Return the o_i ports without an answer, grouped by the components that they lead to."""
    neighbours: defaultdict[_Node, set[_Node]] = defaultdict(set)
    for conduit in model.conduits:
        sender, receiver = (
            _node(model, end, component.name) for end in (conduit.sender, conduit.receiver)
        )
        neighbours[sender].add(receiver)
        neighbours[receiver].add(sender)
    groups: dict[frozenset[_Node], list[v0_2.Port]] = {}
    for port in steps:
        reached = _reached((str(component.name), str(port.name)), neighbours)
        if port.operator is v0_2.Operator.O_I and (str(component.name), "steps") not in reached:
            groups.setdefault(reached, []).append(port)
    return list(groups.values())


def _reached(start: _Node, neighbours: Mapping[_Node, set[_Node]]) -> frozenset[_Node]:
    reached, waiting = {start}, [start]
    while waiting:
        found = neighbours.get(waiting.pop(), set()) - reached
        reached |= found
        waiting += found
    return frozenset(reached)


def _node(model: v0_2.Model, end: v0_2.Reference, split: v0_2.Reference) -> _Node:
    """Return the node of an end of a conduit; each o_i port of the component to split has one."""
    operator = _operator(model, end)
    if end[:-1] == split and operator is v0_2.Operator.O_I:
        return str(split), str(end[-1])
    return str(end[:-1]), "steps" if operator in _BETWEEN else "call"


def _operator(model: v0_2.Model, end: v0_2.Reference) -> v0_2.Operator | None:
    """Return the operator of a component's port; None for others, and the settings port."""
    component = model.components.get(end[:-1])
    port = str(end[-1])
    if component is None or port not in component.ports:
        return None
    return component.ports[port].operator


def _match_lockstep(model: v0_2.Model) -> Iterator[tuple[v0_2.Timeline, v0_2.Timeline]]:
    """Declare the timelines that o_i and s ports join as matching; yield the pairs."""
    while True:
        try:
            v0_2.check_timelines(model)
        except v0_2.ConduitTimelineError as error:
            pair = error.timeline1, error.timeline2
            if not _are_steps(model, error.conduit) or len(pair[0]) != len(pair[1]):
                return  # flattening reports it
            _add_match(model, *pair)
            yield pair
        except (v0_2.ResolveTimelineException, KeyError):
            return  # flattening reports it, or the checks of the conduits do
        else:
            return


def _are_steps(model: v0_2.Model, conduit: v0_2.Conduit) -> bool:
    return (
        _operator(model, conduit.sender) is v0_2.Operator.O_I
        and _operator(model, conduit.receiver) is v0_2.Operator.S
    )


def _add_match(model: v0_2.Model, head: v0_2.Timeline, other: v0_2.Timeline) -> None:
    declared = model.matching_timelines or []
    found = [item for item in declared if head in item or other in item]
    joined = {head, other}.union(*(item.matches for item in found))
    first = found[0].head if found else head
    kept = [item for item in declared if item not in found]
    model.matching_timelines = [*kept, v0_2.MatchingTimelines(first, list(joined))]
