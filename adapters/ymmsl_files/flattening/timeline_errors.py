"""Explains ymmsl's timeline errors in terms of the user's file."""

from __future__ import annotations

from ymmsl import v0_2


def explained(error: v0_2.ResolveTimelineException) -> str:
    """Return a message about an error in a model's timelines, with advice on how to fix it.

    Args:
        error: ymmsl's error.
    """
    if isinstance(error, v0_2.CyclicDependency):
        return _explained_cycle(error)
    if isinstance(error, v0_2.TooManyReducerFilters):
        return (
            f"conduit {_shown(error.conduit)} has more 'last' filters than its sender"
            f" '{error.conduit.sender}' has timelines to leave"
            f" ({len(error.sender_timeline)}). Remove a filter."
        )
    if isinstance(error, v0_2.InconsistentTimelines):
        return _explained_inconsistency(error)
    if isinstance(error, v0_2.ConduitTimelineError):
        return _explained_mismatch(error)
    return str(error)


def _explained_cycle(error: v0_2.CyclicDependency) -> str:
    trail = "; ".join(_shown(item) for item in reversed(error.conduits))
    return (
        f"component '{error.cycle[0].name}' has an f_init port that needs what its own o_i or o_f"
        f" port sends, so it could never start: {trail}. Probably one of these ports should be"
        " under another operator (a component that calls another sends on o_i and receives the"
        " answer on s)."
    )


def _explained_mismatch(error: v0_2.ConduitTimelineError) -> str:
    first, second = error.timeline1, error.timeline2
    advice = (
        "Perhaps a component's o_i and s ports need a timeline annotation, or an f_init port is"
        " connected to the wrong sender."
    )
    if len(first) == len(second) and not error.conduit.filters and len(first):
        advice = (
            "If both components take the same steps, add this to the model (in v0.2):"
            f" 'matching_timelines: {{{_key(first)}: {_key(second)}}}'. Otherwise, perhaps an"
            " f_init port is connected to the wrong sender, or an o_i and s port need a timeline"
            " annotation."
        )
    return (
        f"conduit {_shown(error.conduit)} joins timeline '{first or ':'}' to timeline"
        f" '{second or ':'}', and with its filters taken into account these do not match."
        f"{error.hint} {advice}"
    )


def _key(timeline: v0_2.Timeline) -> str:
    """Return a timeline as it is written in a YAML mapping."""
    text = str(timeline)
    return f'"{text}"' if ":" in text else text


def _explained_inconsistency(error: v0_2.InconsistentTimelines) -> str:
    ports = "; ".join(
        f"'{conduit.receiving_port()}' is on timeline '{timeline or ':'}' through {_shown(conduit)}"
        for conduit, timeline in zip(error.conduits, error.timelines, strict=False)
    )
    return (
        f"the f_init ports of component '{error.component.name}' receive messages from different"
        f" timelines: {ports}. Add filters to these conduits ('last' to leave a timeline, 'repeat'"
        " or 'pad' to enter one), or connect them elsewhere."
    )


def _shown(conduit: v0_2.Conduit) -> str:
    return f"'{conduit.sender}: {conduit._filters_receiver()}'"
