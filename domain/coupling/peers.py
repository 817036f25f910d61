"""An instance's view of its peers: endpoints, slots and dimensions.

The dimensions of two components determine how a conduit connects their instances:

============================  ======================================================
peer has the same dimensions  instance `[i]` has peer instance `[i]`
peer has one dimension more   a vector port here: slot k is peer instance `[i][k]`
peer has one dimension less   a scalar port here: its last index is the slot at the peer
============================  ======================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.coupling.conduits import Conduit
from domain.coupling.ports import SETTINGS_IN, Operator, Port, port_label
from domain.errors import PortError
from domain.identity import Reference

MAX_DIMENSION_DIFFERENCE = 1


class Endpoint(NamedTuple):
    """One end of a stream of messages: an instance, a port, and a slot.

    Attributes:
        instance: Name of the instance, with its indices.
        port: Name of the port.
        slot: Slot of a vector port; None for a scalar one.
    """

    instance: Reference
    port: str
    slot: int | None = None

    def __str__(self) -> str:
        return f"{self.instance}.{port_label(self.port, self.slot)}"


def slots_between(own: tuple[int, ...], peer: tuple[int, ...]) -> int | None:
    """Return the length of a port, as determined by the dimensions at both ends of its conduit.

    Args:
        own: Dimensions of the component that has the port.
        peer: Dimensions of the component that it is connected to.

    Returns:
        The number of slots, or None if the port is scalar.
    """
    return peer[-1] if len(peer) == len(own) + 1 else None


def peer_endpoint(
    instance: Reference,
    slot: int | None,
    peer: Reference,
    peer_dimensions: tuple[int, ...],
    peer_port: str,
) -> Endpoint:
    """Return the endpoint at the other end of the conduit, for a port and slot of an instance."""
    index = instance.indices
    if len(peer_dimensions) > len(index):
        return Endpoint(peer + (*index, slot or 0), peer_port)
    if len(peer_dimensions) < len(index):
        return Endpoint(peer + index[:-1], peer_port, index[-1])
    return Endpoint(peer + index, peer_port, slot)


class PeerInfo(NamedTuple):
    """The information about its peers that an instance gets from the manager.

    Attributes:
        instance: Its own name.
        conduits: The conduits attached to it.
        dimensions: Multiplicity of each peer component.
        locations: Where each peer instance can be reached.
        ports: Its ports, as declared in the configuration.
        proven: Which of these instances, itself included, have proved to the manager that they know
            the secret of the run. The manager uses this; instances do not receive it.
    """

    instance: Reference
    conduits: tuple[Conduit, ...]
    dimensions: Mapping[Reference, tuple[int, ...]]
    locations: Mapping[Reference, tuple[str, ...]]
    ports: tuple[Port, ...] = ()
    proven: frozenset[Reference] = frozenset()

    @property
    def component(self) -> Reference:
        """Name of the component to which the instance belongs."""
        return self.instance.without_trailing_ints()

    def conduits_at(self, port: str) -> list[Conduit]:
        """Return the conduits attached to a port of this instance."""
        own = self.component + port
        return [item for item in self.conduits if own in (item.sender, item.receiver)]

    def port_length(self, port: str) -> int | None:
        """Return the length of a connected port, as determined by the peers' dimensions.

        Returns:
            The number of slots; None if the peers have as many dimensions or fewer.

        Raises:
            PortError: If the peers' dimensions do not allow it.
        """
        own = self.instance.indices
        lengths: set[tuple[int, ...]] = set()
        for conduit in self.conduits_at(port):
            dimensions = self._peer_dimensions(conduit)
            if abs(len(dimensions) - len(own)) > MAX_DIMENSION_DIFFERENCE:
                msg = (
                    f"Port '{port}' of '{self.instance}' is connected by '{conduit}' to a component"
                    f" with {len(dimensions)} dimensions, but '{self.instance}' has {len(own)}."
                    " These may differ by at most one: change the multiplicity of one of them."
                )
                raise PortError(msg)
            lengths.add(dimensions)
        if len(lengths) > 1:
            msg = (
                f"Port '{port}' of '{self.instance}' is connected to components of different"
                " multiplicity. Give those the same multiplicity, or use a port for each."
            )
            raise PortError(msg)
        dimensions = lengths.pop()
        return dimensions[-1] if len(dimensions) == len(own) + 1 else None

    def has_equal_dimensions(self, port: str) -> bool:
        """Whether the peers of a connected port have as many dimensions as this instance."""
        own = len(self.instance.indices)
        return all(len(self._peer_dimensions(item)) == own for item in self.conduits_at(port))

    def peer_endpoint(self, conduit: Conduit, slot: int | None) -> Endpoint:
        """Return the endpoint at the other end of a conduit, for a slot of this instance."""
        peer, port = self._other_end(conduit)
        return peer_endpoint(self.instance, slot, peer, self.dimensions[peer], port)

    def _other_end(self, conduit: Conduit) -> tuple[Reference, str]:
        if conduit.sending_component == self.component:
            return conduit.receiving_component, conduit.receiving_port
        return conduit.sending_component, conduit.sending_port

    def _peer_dimensions(self, conduit: Conduit) -> tuple[int, ...]:
        return self.dimensions[self._other_end(conduit)[0]]


def settings_port() -> Port:
    """Return the F_INIT port on which any component can receive an overlay."""
    return Port(SETTINGS_IN, Operator.F_INIT)
