"""Looks up the peers of an instance, and their locations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from application.interfaces.manager_desk import NotReadyError
from application.manager.registration import InstanceRegistry
from domain.coupling.peers import PeerInfo
from domain.errors import ManagerRefused
from domain.identity import Reference
from domain.model.configuration import Model
from domain.model.topology import Topology


@dataclass
class _PendingLookup:
    """An instance that waits for its peers to register.

    Attributes:
        instance: Its name.
        missing: How many of its peers have not registered yet.
        ready: Called when all of them have.
    """

    instance: Reference
    missing: int
    ready: Callable[[PeerInfo], None]


class PeerLookup:
    """Looks up the peers of an instance, now or once all have registered.

    Args:
        model: The model of the run.
        registry: Reports instances that register, and their locations.
        is_proven: Returns whether an instance has proved that it knows the secret of the run.
    """

    def __init__(
        self,
        model: Model,
        *,
        registry: InstanceRegistry,
        is_proven: Callable[[str], bool] = lambda _instance: False,
    ) -> None:
        self._model = model
        self._registry = registry
        self._is_proven = is_proven
        self._topology = Topology(model)
        self._waiting_for: dict[Reference, list[_PendingLookup]] = defaultdict(list)
        # Keeps deregistered instances: their peers may still look them up.
        self._seen: dict[Reference, tuple[str, ...]] = {}
        registry.on_registered(self._note_registered)

    def get_peers(self, name: str) -> PeerInfo:
        """Return the peers of an instance.

        Raises:
            ManagerRefused: If the instance does not exist.
            NotReadyError: If not all peers have registered.
        """
        instance = self._resolve(name)
        peers = self.peers_of(instance)
        missing = self._missing(peers)
        if missing:
            msg = f"Waiting for component {missing[0].without_trailing_ints()}"
            raise NotReadyError(msg)
        return self._describe(instance, peers)

    def await_peers(self, name: str, ready: Callable[[PeerInfo], None]) -> None:
        """Call back with the peers of an instance when all have registered.

        Raises:
            ManagerRefused: If the instance does not exist.
        """
        instance = self._resolve(name)
        peers = self.peers_of(instance)
        missing = self._missing(peers)
        if not missing:
            ready(self._describe(instance, peers))
            return
        lookup = _PendingLookup(instance, len(missing), ready)
        for peer in missing:
            self._waiting_for[peer].append(lookup)

    def peers_of(self, instance: Reference) -> list[Reference]:
        """Return the peers of an instance, registered or not."""
        return self._topology.peer_instances(instance)

    def _resolve(self, name: str) -> Reference:
        try:
            return self._registry.resolve(name)[0]
        except ManagerRefused:
            msg = f"Unknown component {name}"
            raise ManagerRefused(msg) from None

    def _missing(self, peers: list[Reference]) -> list[Reference]:
        """Return those peers that have not registered."""
        return [peer for peer in dict.fromkeys(peers) if peer not in self._seen]

    def _note_registered(self, instance: Reference) -> None:
        self._seen[instance] = self._registry.locations(instance)
        for lookup in self._waiting_for.pop(instance, []):
            lookup.missing -= 1
            if not lookup.missing:
                lookup.ready(self._describe(lookup.instance, self.peers_of(lookup.instance)))

    def _describe(self, instance: Reference, peers: list[Reference]) -> PeerInfo:
        component = self._model.components[instance.without_trailing_ints()]
        return PeerInfo(
            instance,
            tuple(self._topology.conduits_of(component.name)),
            {
                peer: self._model.components[peer].multiplicity
                for peer in self._topology.peer_components(component.name)
            },
            {peer: self._seen[peer] for peer in peers},
            tuple(component.ports.values()),
            frozenset(item for item in (instance, *peers) if self._is_proven(str(item))),
        )
