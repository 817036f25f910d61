"""The manager's view of which components and instances of a flat model are peers."""

from __future__ import annotations

from collections import defaultdict

from domain.coupling.conduits import Conduit
from domain.coupling.filters import filters_of
from domain.coupling.peers import MAX_DIMENSION_DIFFERENCE, peer_endpoint, slots_between
from domain.coupling.ports import Operator
from domain.coupling.timelines import Timeline
from domain.identity import Reference
from domain.model.configuration import Component, Model


def wiring_problem(conduit: Conduit, sender: Component, receiver: Component) -> str | None:
    """Explain why a conduit cannot connect components of these dimensions; None if it can."""
    shorter, longer = sorted((sender.multiplicity, receiver.multiplicity), key=len)
    fits = longer[: len(shorter)] == shorter
    if fits and len(longer) - len(shorter) <= MAX_DIMENSION_DIFFERENCE:
        return None
    return (
        f"Conduit '{conduit}' cannot be made: '{sender.name}' has multiplicity"
        f" {list(sender.multiplicity)} and '{receiver.name}' has {list(receiver.multiplicity)}."
        " They must be equal, or one must be the other with one dimension added at its end."
    )


class Topology:
    """Looks up conduits and peers in a flat model.

    Args:
        model: The model.

    Attributes:
        model: The same.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._conduits: dict[Reference, list[Conduit]] = defaultdict(list)
        for conduit in model.conduits:
            self._conduits[conduit.sending_component].append(conduit)
            if conduit.receiving_component != conduit.sending_component:
                self._conduits[conduit.receiving_component].append(conduit)
        self._peers = {name: self._find_peers(name) for name in self._conduits}

    def conduits_of(self, component: Reference) -> list[Conduit]:
        """Return the conduits that are attached to a component."""
        return self._conduits.get(component, [])

    def pacing_conduit(self, conduit: Conduit) -> Conduit | None:
        """Return a conduit that carries one message for each message that a reducing filter passes.

        The filter passes one message for each pass of a component that calls the sender, directly
        or indirectly. That component receives one message on each F_INIT port for each pass.

        Returns:
            None if these are the sender's own passes, or if no conduit can be used to count them.
        """
        sender = self.model.components[conduit.sending_component]
        timeline = Timeline(sender.timeline).parts
        level = self._level(conduit)
        if not 0 < level < len(timeline) - 1:
            return None  # a component without a caller has a single pass
        pacing = next(iter(self.starting_conduits(Reference(timeline[level]))), None)
        if pacing is None:
            return None
        caller = self.model.components[pacing.receiving_component]
        both = zip(caller.multiplicity, sender.multiplicity, strict=False)
        return pacing if all(theirs == own for theirs, own in both) else None

    def reduced_to_root(self) -> list[Conduit]:
        """Return the conduits whose reducing filters lead to the outermost timeline."""
        return [
            conduit
            for conduit in self.model.conduits
            if filters_of(conduit).reduces and self._level(conduit) == 0
        ]

    def parties_to(self, conduit: Conduit) -> set[Reference]:
        """Return the components whose snapshots must record what a reducing filter has passed.

        These are the sender and the receiver, and the direct and indirect callers of the sender
        whose milestones make the filter pass a message: they must send these milestones again.
        """
        level = self._level(conduit)
        found: set[Reference] = set()
        waiting = [conduit.sending_component]
        while waiting:
            component = waiting.pop()
            if component not in found:
                found.add(component)
                waiting += [
                    item.sending_component
                    for item in self.starting_conduits(component)
                    if 0 < level < self._level(item)  # the milestone of the root only closes ports
                ]
        return {*found, conduit.receiving_component}

    def starting_conduits(self, component: Reference) -> list[Conduit]:
        """Return the conduits that carry the message that begins each pass of a component."""
        return [
            conduit
            for conduit in self.conduits_of(component)
            if conduit.receiving_component == component
            and not filters_of(conduit).repeats
            and self._receives_at_start(conduit)
        ]

    def _receives_at_start(self, conduit: Conduit) -> bool:
        receiver = self.model.components[conduit.receiving_component]
        return receiver.operator_of(conduit.receiving_port) is Operator.F_INIT

    def _level(self, conduit: Conduit) -> int:
        """Return how many counters the iterations of messages have after the reducing filters."""
        sender = self.model.components[conduit.sending_component]
        is_final = sender.operator_of(conduit.sending_port) is Operator.O_F
        return len(Timeline(sender.timeline)) - is_final - filters_of(conduit).levels_removed

    def peer_components(self, component: Reference) -> list[Reference]:
        """Return the distinct components that a component is connected to."""
        return self._peers.get(component, [])

    def _find_peers(self, component: Reference) -> list[Reference]:
        peers = dict.fromkeys(
            conduit.receiving_component
            if conduit.sending_component == component
            else conduit.sending_component
            for conduit in self.conduits_of(component)
        )
        return list(peers)

    def peer_instances(self, instance: Reference) -> list[Reference]:
        """Return the instances that an instance exchanges messages with, sorted by name."""
        component = instance.without_trailing_ints()
        result: list[Reference] = []
        for peer in self.peer_components(component):
            dimensions = self.model.components[peer].multiplicity
            count = slots_between(self.model.components[component].multiplicity, dimensions)
            slots = [None] if count is None else list(range(count))
            result += [
                peer_endpoint(instance, slot, peer, dimensions, "p").instance for slot in slots
            ]
        return result
