"""Contract of PeerTransport."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from adapters.in_memory.peer_transport import InMemoryNetwork, InMemoryPeerTransport
from adapters.io import network
from adapters.system.clock import SystemClock
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.pull_transport import PullPeerTransport
from adapters.tcp.stream_transport import StreamPeerTransport
from application.instance.peer_transports import PeerTransports
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport, Room
from domain.coupling.grid import Grid
from domain.coupling.messages import Milestone, PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.settings import Settings
from domain.errors import PeerLost, UnsendableData
from domain.identity import Reference
from tests.support.conditions import wait_until

HOSTS = ["127.0.0.1"]
SECRET = "the secret"
PATIENCE = 30.0
SOON = 0.05
UNKNOWN = ["unknown:127.0.0.1:1", "unknown"]
LARGE = np.arange(500_000.0)


def message(data: object, number: int = 0) -> PeerMessage:
    return PeerMessage(1.5, 2.5, data, Settings({"a.b": 3}), 4, number, (0, 7))


class Pair:
    """A sender `a` and a receiver `b`, which have each other's locations."""

    def __init__(self, sender: PeerTransport, receiver: PeerTransport) -> None:
        self.sender = sender
        self.receiver = receiver

    def connect(self, port: str = "p", slot: int | None = None) -> tuple[Outlet, Inlet]:
        return connect(self.sender, "a", self.receiver, "b", port, slot)


def connect(
    sender: PeerTransport,
    sender_name: str,
    receiver: PeerTransport,
    receiver_name: str,
    port: str = "p",
    slot: int | None = None,
) -> tuple[Outlet, Inlet]:
    """Connect a port of one instance to a port of the other."""
    ends = {
        "sender": Endpoint(Reference(sender_name), f"{port}_out", slot),
        "receiver": Endpoint(Reference(receiver_name), f"{port}_in"),
    }
    if slot is not None:
        ends["receiver"] = Endpoint(Reference(receiver_name), f"{port}_in", slot)
    return (
        sender.outlet(**ends, peer_locations=receiver.locations()),
        receiver.inlet(**ends, peer_locations=sender.locations()),
    )


def in_thread(action: Callable[[], None]) -> Callable[[], None]:
    """Call a function in a thread; return a function that joins it and raises its exceptions."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - raised again by the joining thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def join() -> None:
        thread.join(PATIENCE)
        assert not thread.is_alive()
        if errors:
            raise errors[0]

    return join


class PeerTransportContract(ABC):
    """Subclass it for each adapter."""

    notices_a_lost_peer_soon = True
    must_be_drained = False

    @abstractmethod
    def make(self, name: str) -> PeerTransport:
        """Return a new transport; all transports made in one test can reach each other."""

    @pytest.fixture
    def opened(self) -> Iterator[list[PeerTransport]]:
        transports: list[PeerTransport] = []
        yield transports
        # receivers first, because a sender may wait for their goodbye
        for transport in reversed(transports):
            transport.close()

    @pytest.fixture
    def pair(self, opened) -> Pair:
        opened += [self.make("a"), self.make("b")]
        return Pair(*opened)

    def test_locations_are_unique_and_have_a_scheme(self, pair):
        assert pair.sender.locations()
        assert set(pair.sender.locations()).isdisjoint(pair.receiver.locations())
        for location in pair.sender.locations():
            scheme, colon, rest = location.partition(":")
            assert scheme
            assert colon
            assert rest

    def test_both_ends_reach_each_other(self, pair):
        assert pair.sender.reaches(pair.receiver.locations())
        assert pair.receiver.reaches(pair.sender.locations())

    @pytest.mark.parametrize("locations", [[], ["unknown:a"], ["unknown:a", "other"]], ids=str)
    def test_peer_with_unknown_schemes_only_is_not_reached(self, pair, locations):
        assert not pair.sender.reaches(locations)

    def test_locations_of_unknown_schemes_are_ignored(self, pair):
        locations = [*pair.sender.locations(), *UNKNOWN]
        assert pair.receiver.reaches([*UNKNOWN, *pair.sender.locations()])
        ends = {
            "sender": Endpoint(Reference("a"), "out"),
            "receiver": Endpoint(Reference("b"), "in"),
        }
        outlet = pair.sender.outlet(**ends, peer_locations=[*UNKNOWN, *pair.receiver.locations()])
        inlet = pair.receiver.inlet(**ends, peer_locations=locations)
        outlet.send(message("x"))
        assert inlet.receive(timeout=PATIENCE).data == "x"

    @pytest.mark.parametrize(
        "data",
        [None, 5, "x", [1, {"a": b"y"}], Settings({"c": 1.5}), Milestone((1, 2)), Milestone(())],
        ids=str,
    )
    def test_message_arrives_unchanged(self, pair, data):
        outlet, inlet = pair.connect()
        outlet.send(message(data))
        assert inlet.receive(timeout=PATIENCE) == message(data)

    @pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), LARGE, LARGE[::-1]], ids=len)
    def test_array_arrives_as_a_grid(self, pair, array):
        outlet, inlet = pair.connect()
        outlet.send(message(array))
        received = inlet.receive(timeout=PATIENCE)
        assert received.data == Grid(array)
        assert received.data.array.dtype == array.dtype

    def test_message_size_is_about_that_of_its_data(self, pair):
        outlet, inlet = pair.connect()
        size = outlet.send(message(LARGE))
        assert LARGE.nbytes < size < LARGE.nbytes + 1000
        assert abs(inlet.receive(timeout=PATIENCE).size - size) < 100

    def test_messages_arrive_in_order(self, pair):
        outlet, inlet = pair.connect()
        for number in range(500):
            outlet.send(message(number, number))
        for number in range(500):
            assert inlet.receive(timeout=PATIENCE).data == number

    def test_ports_and_slots_are_received_independently(self, pair):
        # a port either has slots or not, so no port is connected in both ways
        ends = [("p", None), ("q", None), *((port, slot) for port in "rs" for slot in (0, 1, 10))]
        wires = [pair.connect(port, slot) for port, slot in ends]
        for number, (outlet, _) in enumerate(wires):
            outlet.send(message(number))
        for number, (_, inlet) in reversed(list(enumerate(wires))):
            assert inlet.receive(timeout=PATIENCE).data == number

    def test_data_may_be_changed_after_sending(self, pair):
        outlet, inlet = pair.connect()
        small, large, plain = np.zeros(3), LARGE.copy(), {"a": [1]}
        outlet.send(message([small, large, plain]))
        small += 1
        large += 1
        plain["a"].append(2)
        received = inlet.receive(timeout=PATIENCE).data
        assert np.array_equal(received[0].array, np.zeros(3))
        assert np.array_equal(received[1].array, LARGE)
        assert received[2] == {"a": [1]}

    def test_send_does_not_wait_for_the_receiver(self, pair):
        outlet, inlet = pair.connect()
        for number in range(10):
            outlet.send(message(LARGE + number))
        for number in range(10):
            assert inlet.receive(timeout=PATIENCE).data.array[0] == number

    def test_receive_waits_for_the_message(self, pair):
        outlet, inlet = pair.connect()
        asked = threading.Event()

        def receive() -> None:
            asked.set()
            assert inlet.receive(timeout=PATIENCE).data == "late"

        join = in_thread(receive)
        asked.wait(PATIENCE)
        outlet.send(message("late"))
        join()

    def test_message_that_has_arrived_is_not_in_transit(self, pair):
        outlet, inlet = pair.connect()
        outlet.send(message("x"))
        wait_until(lambda: not pair.sender.has_messages_in_transit())
        assert inlet.receive(timeout=PATIENCE).data == "x"
        assert not pair.receiver.has_messages_in_transit()

    def test_message_that_is_not_received_is_not_in_transit(self, pair):
        outlet, _ = pair.connect()
        outlet.send(message(np.zeros(10**6)))
        wait_until(lambda: not pair.sender.has_messages_in_transit())

    def test_receive_returns_none_after_the_timeout(self, pair):
        outlet, inlet = pair.connect()
        start = time.monotonic()
        assert inlet.receive(timeout=SOON) is None
        assert inlet.receive(timeout=0.0) is None
        assert time.monotonic() - start >= SOON
        outlet.send(message("after all"))
        assert inlet.receive(timeout=PATIENCE).data == "after all"

    def test_marks_are_in_order(self, pair):
        outlet, inlet = pair.connect()
        before = time.time_ns()
        outlet.send(message(LARGE))
        inlet.receive(timeout=PATIENCE)
        arrived, transferred, decoded = inlet.marks
        assert before <= arrived <= transferred <= decoded <= time.time_ns()

    @pytest.mark.parametrize("data", [object(), {"a": [object()]}, 2**70, np.array([None])])
    def test_unsendable_data_is_rejected_and_the_next_message_arrives(self, pair, data):
        outlet, inlet = pair.connect()
        with pytest.raises(UnsendableData, match="data"):
            outlet.send(message(data))
        outlet.send(message("good"))
        assert inlet.receive(timeout=PATIENCE).data == "good"

    def test_wait_until_sent_waits_for_the_receiver(self, pair):
        outlet, inlet = pair.connect()
        for _ in range(20):
            outlet.send(message(LARGE))
        assert not pair.sender.wait_until_sent(timeout=SOON)

        def receive_all() -> None:
            for _ in range(20):
                inlet.receive(timeout=PATIENCE)
            pair.receiver.finish_receiving()

        join = in_thread(receive_all)
        assert pair.sender.wait_until_sent(timeout=PATIENCE)
        join()

    def test_wait_until_sent_returns_immediately_if_nothing_was_sent(self, pair):
        pair.connect()
        pair.receiver.finish_receiving()
        assert pair.sender.wait_until_sent(timeout=PATIENCE)

    def test_sent_message_arrives_after_the_sender_closes(self, opened):
        opened += [self.make("a"), self.make("b")]
        outlet, inlet = Pair(*opened).connect()
        outlet.send(message("last words"))

        def leave() -> None:
            opened[0].wait_until_sent(timeout=PATIENCE)
            opened[0].close()

        join = in_thread(leave)
        assert inlet.receive(timeout=PATIENCE).data == "last words"
        opened[1].finish_receiving()
        join()

    def test_lost_peer_is_detected(self, pair):
        if not self.notices_a_lost_peer_soon:
            pytest.skip("a MUSCLE3 client tries for a minute to reach its peer again")
        _, inlet = pair.connect()
        join = in_thread(pair.sender.close)
        with pytest.raises(PeerLost, match=r"connection with peer 'a' was lost\. .*peer crash\?"):
            inlet.receive(timeout=PATIENCE)
        join()

    def test_closed_receiver_does_not_block_the_sender(self, pair):
        outlet, inlet = pair.connect()
        outlet.send(message("one"))
        inlet.receive(timeout=PATIENCE)
        pair.receiver.close()
        for _ in range(3):
            outlet.send(message("into the void"))

    def test_close_is_idempotent(self, pair):
        pair.connect()
        for transport in (pair.receiver, pair.sender) * 2:
            transport.close()

    def test_port_can_feed_several_instances(self, opened):
        opened += [self.make(name) for name in "abc"]
        wires = [connect(opened[0], "a", opened[n], name) for n, name in ((1, "b"), (2, "c"))]
        for outlet, _ in wires:
            outlet.send(message("both"))
        for _, inlet in wires:
            assert inlet.receive(timeout=PATIENCE).data == "both"

    def test_ports_can_be_used_by_several_threads_concurrently(self, pair):
        """Each thread sends on one port and receives on another, to and from the same peer."""
        wires = []
        for number in range(4):
            there = connect(pair.sender, "a", pair.receiver, "b", f"p{number}")
            back = connect(pair.receiver, "b", pair.sender, "a", f"q{number}")
            wires.append((there, back))
        sizes = [0, 10, 3000, 200_000]

        def call(number: int) -> None:
            (outlet, _), (_, inlet) = wires[number]
            for count in range(40):
                outlet.send(message(np.full(sizes[(count + number) % 4], count), count))
                answer = inlet.receive(timeout=PATIENCE)
                assert answer is not None
                assert answer.number == count
                assert np.all(answer.data.array == count + number)

        def respond(number: int) -> None:
            (_, inlet), (outlet, _) = wires[number]
            for _ in range(40):
                question = inlet.receive(timeout=PATIENCE)
                assert question is not None
                outlet.send(message(question.data.array + number, question.number))

        joins = [in_thread(lambda n=n, do=do: do(n)) for n in range(4) for do in (call, respond)]
        for join in joins:
            join()

    def test_waiting_thread_does_not_block_other_receiving_threads(self, pair):
        slow_outlet, slow_inlet = pair.connect("slow")
        outlet, inlet = pair.connect("fast")
        got: list[object] = []
        join = in_thread(lambda: got.append(slow_inlet.receive(timeout=PATIENCE).data))
        for number in range(20):
            outlet.send(message(number))
            assert inlet.receive(timeout=PATIENCE).data == number
        assert not got
        slow_outlet.send(message("at last"))
        join()
        assert got == ["at last"]

    def test_receiver_that_leaves_without_receiving_all_does_not_block_the_sender(self, pair):
        outlet, inlet = pair.connect()
        for number in range(3):
            outlet.send(message(number))
        inlet.receive(timeout=PATIENCE)
        pair.receiver.finish_receiving()
        pair.receiver.close()
        assert pair.sender.wait_until_sent(timeout=PATIENCE)

    def test_sender_that_waits_is_released_when_the_receiver_leaves(self, pair):
        outlet, inlet = pair.connect()
        for _ in range(20):
            outlet.send(message(LARGE))
        inlet.receive(timeout=PATIENCE)
        join = in_thread(lambda: self.check_sent(pair.sender))
        pair.receiver.finish_receiving()
        join()

    def check_sent(self, sender):
        assert sender.wait_until_sent(timeout=PATIENCE)

    def test_sender_waits_for_room_when_too_much_is_queued(self, pair):
        outlet, inlet = pair.connect()
        sent, waits, joins = 0, [], []

        def receive_all() -> None:
            for number in range(sent + 1):
                assert inlet.receive(timeout=PATIENCE).number == number

        def wait(sender: Endpoint, receiver: Endpoint, room: Room) -> None:
            assert not room.wait(0.0)
            taken = room.taken()
            joins.append(in_thread(receive_all))
            assert room.wait(PATIENCE)
            assert room.taken() > taken
            waits.append((str(sender), str(receiver)))

        pair.sender.limit_queues(1, wait=wait)
        while not waits:
            outlet.send(message(LARGE, sent))
            sent += 1
        joins[0]()
        assert waits == [("a.p_out", "b.p_in")]
        assert sent > 2

    def test_wait_for_room_ends_when_the_receiver_leaves(self, pair):
        outlet, inlet = pair.connect()
        outlet.send(message("first"))
        inlet.receive(timeout=PATIENCE)
        waits = []

        def wait(_sender: Endpoint, _receiver: Endpoint, room: Room) -> None:
            if not waits:
                pair.receiver.finish_receiving()
                pair.receiver.close()
            waits.append(room.wait(PATIENCE))

        pair.sender.limit_queues(1, wait=wait)
        while not waits:
            outlet.send(message(LARGE))
        assert waits == [True]

    def test_queue_without_a_limit_is_never_full(self, pair):
        outlet, _ = pair.connect()
        pair.sender.limit_queues(1, wait=lambda *_: pytest.fail("the sender waits"))
        pair.sender.limit_queues(None, wait=lambda *_: pytest.fail("the sender waits"))
        for _ in range(5):
            outlet.send(message(LARGE))
        pair.receiver.finish_receiving()

    def test_port_can_be_drained_after_retries_were_limited(self, pair):
        outlet, inlet = pair.connect()
        assert inlet.receive(timeout=0.0) is None
        pair.receiver.limit_retries(1.0)
        outlet.send(message("late"))
        assert inlet.receive(timeout=PATIENCE).data == "late"

    def test_must_drain_is_determined_by_the_senders_transport(self, pair):
        locations = pair.sender.locations()
        assert pair.receiver.must_drain(locations) == self.must_be_drained


class TestInMemoryPeerTransport(PeerTransportContract):
    @pytest.fixture(autouse=True)
    def _network(self):
        self.network = InMemoryNetwork()

    def make(self, name):
        return InMemoryPeerTransport(name, self.network)


class TestStreamPeerTransport(PeerTransportContract):
    def make(self, name):
        server = PeerServer(name, secret=SECRET, hosts=HOSTS)
        return StreamPeerTransport(name, server=server, secret=SECRET)


class TestStreamPeerTransportOverANetwork(TestStreamPeerTransport):
    notices_a_lost_peer_soon = False

    @pytest.fixture(autouse=True)
    def _without_unix_sockets(self, monkeypatch):
        monkeypatch.setattr(network, "HAS_ABSTRACT_SOCKETS", False)


class TestPullPeerTransport(PeerTransportContract):
    notices_a_lost_peer_soon = False
    must_be_drained = True

    def make(self, name):
        return PullPeerTransport(server=PeerServer(name, hosts=HOSTS))


class TestPeerTransports(PeerTransportContract):
    """Two transports that share a server, as in an instance."""

    def make(self, name):
        server = PeerServer(name, secret=SECRET, hosts=HOSTS)
        streams = StreamPeerTransport(name, server=server, secret=SECRET)
        return PeerTransports([streams, PullPeerTransport(server=server)], clock=SystemClock())
