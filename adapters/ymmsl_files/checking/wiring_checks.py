"""Checks of the flat model: dimensions, senders, and components that nothing starts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from domain.coupling.conduits import Conduit
from domain.coupling.ports import SETTINGS_IN, Operator
from domain.identity import Reference
from domain.model.configuration import Component, Model
from domain.model.topology import wiring_problem


def wiring_problems(model: Model) -> list[str]:
    """Return the errors in the connections of a flat model."""
    if not model.components:
        return [
            f"Model '{model.name}' has no component to run: none of them has an implementation."
        ]
    return [*_dimension_problems(model), *_multicast_problems(model), *_never_started(model)]


def unconnected_ports(model: Model) -> list[str]:
    """Return a warning for each receiving port of a flat model that no conduit leads to.

    Args:
        model: The flat model.
    """
    connected = {str(item.receiver) for item in model.conduits}
    return [
        f"Port '{name}' of component '{component.name}' receives, but no conduit leads to it. If"
        " the program receives on it without a default, it fails. Connect it, or remove it from"
        " 'ports'."
        for component in model.components.values()
        for name, port in component.ports.items()
        if not port.operator.allows_sending and f"{component.name}.{name}" not in connected
    ]


def _dimension_problems(model: Model) -> Iterator[str]:
    for conduit in model.conduits:
        sender = model.components[conduit.sending_component]
        receiver = model.components[conduit.receiving_component]
        problem = wiring_problem(conduit, sender, receiver)
        if problem:
            yield problem


def _multicast_problems(model: Model) -> Iterator[str]:
    receivers: defaultdict[Reference, list[Conduit]] = defaultdict(list)
    for conduit in model.conduits:
        receivers[conduit.sender].append(conduit)
    for sender, conduits in receivers.items():
        shapes = {
            str(item.receiver): list(model.components[item.receiving_component].multiplicity)
            for item in conduits
        }
        if len({tuple(shape) for shape in shapes.values()}) > 1:
            listed = ", ".join(f"'{port}' {shape}" for port, shape in shapes.items())
            yield (
                f"Port '{sender}' sends to components of different multiplicity: {listed}. Give"
                " those the same multiplicity, or use a port for each."
            )


def _never_started(model: Model) -> Iterator[str]:
    started = {
        item.receiving_component for item in model.conduits if _starts(item, model.components)
    }
    for component in model.components.values():
        caller = component.timeline.rpartition(":")[0]
        if caller and component.name not in started:
            yield (
                f"Component '{component.name}' is inside a model that is called by '{caller}', so"
                " it must run once for each call, but none of its f_init ports is connected."
                " Connect one, or move the component out of that model."
            )


def _starts(conduit: Conduit, components: Mapping[Reference, Component]) -> bool:
    if conduit.receiving_port == SETTINGS_IN:
        return True
    ports = components[conduit.receiving_component].ports
    return ports[conduit.receiving_port].operator is Operator.F_INIT
