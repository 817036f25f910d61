"""Differences between a model and the snapshots from which it is resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from domain.coupling.peers import slots_between
from domain.errors import ForeignSnapshot
from domain.identity import Reference
from domain.wording import counted

if TYPE_CHECKING:  # instances import this module too, and start faster without these
    from domain.model.configuration import Component, Model
    from domain.model.topology import Topology


def unknown_instance(model: Model, instance: Reference) -> str | None:
    """Return why a model does not have an instance; None if it does."""
    if model.component_of(instance) is not None:
        return None
    name = instance.without_trailing_ints()
    component = model.components.get(name)
    if component is None:
        return f"there is a snapshot of '{instance}', but model '{model.name}' has no '{name}'"
    now = list(component.multiplicity) if component.multiplicity else "none"
    return (
        f"there is a snapshot of '{instance}', but the multiplicity of '{name}' is now {now}, so"
        " this instance does not exist"
    )


def unchecked_snapshot(instance: Reference, error: ForeignSnapshot) -> str:
    """Return a warning that the snapshot of an instance could not be checked.

    Args:
        instance: The instance to be resumed from it.
        error: Why it could not be decoded.
    """
    return (
        f"Snapshot '{error.location}' of '{instance}' was written by a library other than"
        f" Conjoin's, and cannot be checked: {error.reason}. Only '{instance}' itself must be able"
        " to read it."
    )


def connected_ports(component: Component, topology: Topology) -> dict[str, int | None]:
    """Return the connected ports of a component.

    Returns:
        Number of slots by port name; None if the multiplicities do not determine it, because the
        port is scalar or resizable.
    """
    result: dict[str, int | None] = {}
    for conduit in topology.conduits_of(component.name):
        sender, receiver = conduit.sending_component, conduit.receiving_component
        for own, port, other in (
            (sender, conduit.sending_port, receiver),
            (receiver, conduit.receiving_port, sender),
        ):
            if own == component.name:
                peer = topology.model.components[other]
                result[port] = slots_between(component.multiplicity, peer.multiplicity)
    return result


def port_differences(
    counts: Mapping[str, Sequence[int]], connected: Mapping[str, int | None]
) -> Iterator[str]:
    """Yield a description of each difference between the ports of a snapshot and of an instance.

    Args:
        counts: Messages passed before the snapshot was made, for each port and slot.
        connected: Number of slots of each port that is connected now; None if unknown.
    """
    for name, slots in connected.items():
        if name not in counts:
            yield f"port '{name}' is connected now, but was not when the snapshot was made"
        elif slots is not None and len(counts[name]) != slots:
            yield f"port '{name}' had {counted(len(counts[name]), 'slot')}, and now has {slots}"
    for name, numbers in counts.items():
        if name not in connected and any(numbers):
            yield (
                f"port '{name}' had passed messages ({sum(numbers)}), but is now missing or not"
                " connected"
            )
