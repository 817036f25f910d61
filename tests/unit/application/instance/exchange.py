"""Communicators of one model, joined in memory."""

from dataclasses import dataclass

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.manager_link import InMemoryManagerLink, LockedDesk
from adapters.in_memory.peer_transport import InMemoryNetwork, InMemoryPeerTransport
from application.instance.communicator import Communicator
from application.instance.declared_ports import make_port_states
from application.instance.profiler import Profiler
from application.instance.waiting import PatientReceiver
from domain.identity import Reference
from domain.messages import Message
from domain.peers import PeerInfo
from domain.ports import PortState
from domain.settings import Settings
from domain.topology import Topology
from tests.support.desks import InMemoryDesk
from tests.unit.domain.models import configuration


@dataclass
class Member:
    """An instance that has connected.

    Attributes:
        peers: What it knows of its surroundings.
        ports: Its ports.
        transport: Its connection to the others.
        communicator: What is tested.
    """

    peers: PeerInfo
    ports: dict[str, PortState]
    transport: InMemoryPeerTransport
    communicator: Communicator

    def send(self, port, data, slot=None, iteration=(0,)):
        message = Message(0.0, None, data)
        self.communicator.send(self.ports[port], slot, message, Settings(), iteration)

    def receive(self, port, slot=None):
        return self.communicator.receive(self.ports[port], slot)

    def outlet(self, port, slot=None):
        """Return what sends on a port without the communicator."""
        (conduit,) = self.peers.conduits_at(port)
        return self.transport.outlet(
            sender=None, receiver=self.peers.peer_endpoint(conduit, slot), peer_locations=()
        )


class Exchange:
    """A model, of which instances can be made.

    Args:
        conduits: As for `configuration`.
        must_drain: Whether senders wait until everything is received, as MUSCLE3's do.
        sizes: Multiplicities.
    """

    def __init__(self, conduits, *, must_drain=False, **sizes):
        self._configuration = configuration(conduits, sizes=sizes)
        self._topology = Topology(self._configuration.model)
        self.desk = InMemoryDesk(self._configuration)
        self._network = InMemoryNetwork(must_drain=must_drain)
        self._locked = LockedDesk(self.desk.desk)

    def join(self, name, *, depth=1, vectors=()):
        """Return an instance that has connected to its peers."""
        peers = self._peers_of(Reference(name))
        link = InMemoryManagerLink(name, self._locked)
        clock = ManualClock()
        transport = InMemoryPeerTransport(name, self._network)
        communicator = Communicator(
            transport=transport,
            waiting=PatientReceiver(link=link, clock=clock),
            profiler=Profiler(clock=clock, link=link),
        )
        ports = make_port_states(peers.ports, set(vectors), peers)
        communicator.connect(peers, ports, depth=depth)
        return Member(peers, ports, transport, communicator)

    def _peers_of(self, instance):
        component = instance.without_trailing_ints()
        components = self._configuration.model.components
        others = self._topology.peer_components(component)
        return PeerInfo(
            instance,
            tuple(self._topology.conduits_of(component)),
            {other: components[other].multiplicity for other in others},
            {
                other: (f"memory:{other}",)
                for item in others
                for other in components[item].instances()
            },
            tuple(components[component].ports.values()),
        )
