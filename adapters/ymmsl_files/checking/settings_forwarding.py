"""Forwards settings that are sent to a component implemented by a model.

The settings apply to all components inside the model. Each inner component that is called from
outside receives them through a separate conduit, and passes them on with its messages.
"""

from __future__ import annotations

from collections.abc import Iterator

from ymmsl import v0_2

from adapters.ymmsl_files.checking.model_checks import conduits_into
from adapters.ymmsl_files.flattening.expansion import Expansion, Inner, Link
from adapters.ymmsl_files.flattening.timelines import FlatTimelines
from adapters.ymmsl_files.flattening.translation import reference
from domain.coupling.ports import SETTINGS_IN
from domain.errors import ConfigurationError
from domain.identity import Reference


def forward_settings(expansion: Expansion, timelines: FlatTimelines) -> None:
    """Add links from each model's settings port to those of the components that run first.

    Args:
        expansion: The expanded model; links are added to it.
        timelines: The timelines of its components.

    Raises:
        ConfigurationError: If settings for a model cannot be forwarded in this way.
    """
    problems: list[str] = []
    for inner in expansion.inner.values():
        port = inner.path + SETTINGS_IN
        senders = [link for links in expansion.links.values() for link in links]
        if not any(link.receiver == port for link in senders):
            continue
        first = list(_first_components(inner, expansion, timelines))
        found = _problem(inner, first)
        if found:
            problems.append(found)
        expansion.links[port] += [
            Link(port, inner.path + reference(item.name) + SETTINGS_IN) for item in first
        ]
    if problems:
        raise ConfigurationError(*problems)


def _first_components(
    inner: Inner, expansion: Expansion, timelines: FlatTimelines
) -> Iterator[v0_2.Component]:
    """Yield the components that run once per call and do not start each other."""
    depth = _depth(timelines, inner.path)
    for component in inner.model.components.values():
        path = inner.path + reference(component.name)
        if path not in expansion or _depth(timelines, path) != depth:
            continue
        senders = (item.sending_component() for item in conduits_into(inner.model, component.name))
        if not any(
            len(sender) and inner.path + reference(sender) in expansion for sender in senders
        ):
            yield component


def _depth(timelines: FlatTimelines, path: Reference) -> int:
    return timelines.own[path].count(":")


def _problem(inner: Inner, first: list[v0_2.Component]) -> str | None:
    opening = (
        f"Settings are sent to 'muscle_settings_in' of '{inner.path}', which is implemented by"
        f" model '{inner.model.name}', but"
    )
    ending = (
        "Give the model an f_init port for settings, connect it inside the model to"
        " 'muscle_settings_in' of the components that need them,"
        f" and send to that port of '{inner.path}'."
    )
    if not first:
        return f"{opening} no component inside it is started from outside. {ending}"
    for component in first:
        name = component.name
        taken = any(
            item.receiving_port() == SETTINGS_IN for item in conduits_into(inner.model, name)
        )
        if taken:
            return f"{opening} '{name}' inside it already gets settings from elsewhere. {ending}"
        if component.multiplicity:
            return f"{opening} '{name}' inside it is a set of instances. {ending}"
    return None
