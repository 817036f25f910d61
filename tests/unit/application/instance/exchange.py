"""Communicators of one model, connected in memory."""

from dataclasses import dataclass

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.manager_link import InMemoryManagerLink, LockedDesk
from adapters.in_memory.model_threads import InMemoryModelThreads
from adapters.in_memory.peer_transport import InMemoryNetwork, InMemoryPeerTransport
from application.instance.communicator import Communicator
from application.instance.declared_ports import make_port_states
from application.instance.filter_counts import FilterCounts
from application.instance.patient_receiver import PatientReceiver
from application.instance.profiler import Profiler
from application.instance.routes import Routes
from application.interfaces.peer_transport import PeerTransport
from domain.coupling.messages import Message
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import PortState
from domain.coupling.settings import Settings
from domain.identity import Reference
from domain.model.topology import Topology
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration


@dataclass
class Member:
    """An instance that has connected to its peers.

    Attributes:
        peers: Its peers, conduits and ports.
        ports: The state of its ports.
        transport: Its connection to the peers.
        communicator: The communicator under test.
    """

    peers: PeerInfo
    ports: dict[str, PortState]
    transport: PeerTransport
    communicator: Communicator

    def send(self, port, data, slot=None, iteration=(0,)):
        message = Message(0.0, None, data)
        self.communicator.send(self.ports[port], slot, message, Settings(), iteration)

    def receive(self, port, slot=None):
        return self.communicator.receive(self.ports[port], slot)

    def outlet(self, port, slot=None):
        """Return an outlet that sends on a port without the communicator."""
        (conduit,) = self.peers.conduits_at(port)
        return self.transport.outlet(
            sender=None, receiver=self.peers.peer_endpoint(conduit, slot), peer_locations=()
        )


class Exchange:
    """A model, whose instances can be created and connected.

    Args:
        conduits: Conduits, as for `configuration`.
        must_drain: Whether senders wait until everything is received, as MUSCLE3's do.
        sizes: Multiplicities of the components.
    """

    def __init__(self, conduits, *, must_drain=False, **sizes):
        self._configuration = configuration(conduits, sizes=sizes)
        self._topology = Topology(self._configuration.model)
        self.desk = InMemoryServices(self._configuration)
        self._network = InMemoryNetwork(must_drain=must_drain)
        self._locked = LockedDesk(self.desk.desk)

    def join(self, name, *, depth=1, vectors=(), transport=None, locations=None):
        """Return an instance that has connected to its peers.

        Args:
            name: Name of the instance.
            depth: Number of counters in an iteration on O_I and S ports.
            vectors: Names of the vector ports.
            transport: Connects it to its peers; None for the in-memory transport.
            locations: Locations of the peers by name; None if they are all in memory.
        """
        peers = self._peers_of(Reference(name))
        if locations is not None:
            peers = peers._replace(
                locations={peer: tuple(locations[str(peer)]) for peer in peers.locations}
            )
        link = InMemoryManagerLink(name, self._locked)
        clock = ManualClock()
        transport = transport or InMemoryPeerTransport(name, self._network)
        ports = make_port_states(peers.ports, set(vectors), peers)
        routes = Routes(transport=transport, peers=peers, ports=ports, depth=depth)
        communicator = Communicator(
            routes=routes,
            counts=FilterCounts(peers),
            ports=ports,
            waiting=PatientReceiver(link=link, clock=clock, threads=InMemoryModelThreads()),
            profiler=Profiler(clock=clock, link=link),
        )
        routes.connect()
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
