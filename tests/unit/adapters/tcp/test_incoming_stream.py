"""Messages from a peer, malformed frames, and lost connections."""

import socket
from types import SimpleNamespace

import numpy as np
import pytest

from adapters.tcp import incoming_stream
from adapters.tcp.incoming_stream import IncomingStream, StreamConnection, StreamInlet
from adapters.wire import greeting, stream
from adapters.wire.locations import CONJOIN, TCP, format_location
from adapters.wire.stream_receiver import BYTES_PER_ACKNOWLEDGEMENT, FRAMES_PER_ACKNOWLEDGEMENT
from domain.errors import PeerLost, PortError, RemoteProtocolError, TransportError
from tests.support.stream_ends import SECRET, ConnectedStream, frame, new_receiver
from tests.unit.adapters.tcp.loopback import PATIENCE, RETRY_ONCE, scripted, take, take_word


def delivering(*frames):
    """Return a connection that delivers some frames and is then lost."""
    ours, theirs = socket.socketpair()
    theirs.sendall(b"".join(frames))
    theirs.close()
    return ConnectedStream(ours)


HELLO = greeting.client_hello(
    bytes(greeting.NONCE_SIZE),
    greeting.Introduction("instance micro", "instance macro", greeting.Purpose.STREAM),
)
OPENED = stream.open_channel(0, "micro.in")


@pytest.fixture
def receive():
    """Return a function that creates an inlet; its connection delivers frames, then is lost."""
    made = []

    def make(*frames, port="in"):
        incoming = IncomingStream("macro", delivering(*frames))
        made.append(incoming)
        return StreamInlet(incoming, sender="macro.out", receiver=f"micro.{port}")

    yield make
    for incoming in made:
        incoming.close()


class ImpatientConnection:
    """Returns from each wait without a frame, after a fraction of the timeout."""

    def __init__(self, clock, share):
        self.stream = new_receiver()
        self._clock = clock
        self._share = share
        self.timeouts = []

    def next_frame_begins(self, *, timeout):
        self.timeouts.append(timeout)
        self._clock.now += timeout * self._share
        return False


@pytest.mark.parametrize(
    ("share", "timeouts"), [(1.0, [8.0]), (1.125, [8.0]), (0.5, [8.0, 4.0, 2.0])]
)
def test_deadline_of_a_receive_is_checked_by_the_clock(monkeypatch, share, timeouts):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(incoming_stream, "time", SimpleNamespace(monotonic=lambda: clock.now))
    connection = ImpatientConnection(clock, share)
    incoming = IncomingStream("macro", connection)
    assert incoming.receive(incoming.expect("macro.out", "micro.in"), 8.0) is None
    assert connection.timeouts[: len(timeouts)] == timeouts
    assert clock.now >= 108.0


def test_messages_received_before_the_loss_are_delivered_before_peer_lost(receive):
    inlet = receive(OPENED, frame(1), frame(2))
    assert [inlet.receive(timeout=None).data for _ in range(2)] == [1, 2]
    for _ in range(2):
        with pytest.raises(PeerLost, match="connection with peer 'macro' was lost"):
            inlet.receive(timeout=None)


def test_messages_for_another_endpoint_are_queued():
    connection = delivering(
        OPENED, stream.open_channel(1, "micro.other"), frame("other", 1), frame("mine")
    )
    incoming = IncomingStream("macro", connection)
    mine = StreamInlet(incoming, sender="macro.out", receiver="micro.in")
    other = StreamInlet(incoming, sender="macro.more", receiver="micro.other")
    assert mine.receive(timeout=None).data == "mine"
    assert other.receive(timeout=0).data == "other"
    assert mine.marks != (0, 0, 0)
    incoming.close()


def test_message_on_an_unopened_channel_is_a_permanent_error(receive):
    inlet = receive(frame(channel=3), OPENED, frame())
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="'macro' sent a message on a channel"):
            inlet.receive(timeout=None)


def test_malformed_frame_is_a_permanent_error(receive):
    inlet = receive(OPENED, b"\xff" * 100)
    for _ in range(2):
        with pytest.raises(RemoteProtocolError):
            inlet.receive(timeout=None)


def test_connection_lost_within_a_frame_raises_peer_lost(receive):
    with pytest.raises(PeerLost):
        receive(OPENED, frame("long" * 10)[:-1]).receive(timeout=None)


def test_size_of_a_message_is_that_of_its_frame(receive):
    whole = frame(np.zeros(1000))
    assert receive(OPENED, whole).receive(timeout=None).size == len(whole)


def greet_client(sock):
    """Greet a client; return its own greeting."""
    hello = take(sock, len(HELLO))
    assert hello[:8] + hello[40:] == HELLO[:8] + HELLO[40:]
    nonce = b"n" * greeting.NONCE_SIZE
    sock.sendall(greeting.server_answer(SECRET, hello, nonce))
    finish = take(sock, greeting.FINISH_SIZE)
    greeting.check_client_finish(SECRET, hello, nonce, finish)
    return stream.decode_hello(take(sock, take_word(sock)))


def connect(server, secret=SECRET):
    location = format_location(CONJOIN, [server.address])
    return StreamConnection("macro", [location], receiver="micro", secret=secret)


def read_frames(connection, count):
    """Read frames as they arrive, without interpreting their contents."""
    for _ in range(count):
        assert connection.next_frame_begins(timeout=None)
        connection.read_frame()


def test_hello_last_acknowledgement_and_goodbye_are_sent():
    def sender(sock):
        hello = greet_client(sock)
        sock.sendall(OPENED)
        return hello, take_word(sock), take_word(sock), sock.recv(1)

    with scripted(sender) as server:
        connection = connect(server)
        read_frames(connection, 1)
        connection.close()
        connection.close()
        assert server.finish() == [(("micro", 0), 1, stream.GOODBYE, b"")]


def test_acknowledgements_are_sent_after_many_or_large_frames():
    many = FRAMES_PER_ACKNOWLEDGEMENT

    def sender(sock):
        greet_client(sock)
        sock.sendall(OPENED + frame() * (many - 1))
        first = take_word(sock)
        sock.sendall(frame(bytes(BYTES_PER_ACKNOWLEDGEMENT)))
        return [first, take_word(sock), take_word(sock)]

    with scripted(sender) as server:
        connection = connect(server)
        read_frames(connection, many + 1)
        connection.close()
        assert server.finish() == [[many, many + 1, many + 1]]


def test_lost_connection_is_resumed_after_the_received_frames():
    def sender(sock):
        hello = greet_client(sock)
        sock.sendall(OPENED)
        return hello

    with scripted(sender, greet_client) as server:
        connection = connect(server)
        read_frames(connection, 1)
        with pytest.raises(EOFError):
            connection.next_frame_begins(timeout=None)
        assert connection.restore()
        connection.close()
        assert server.finish() == [("micro", 0), ("micro", 1)]


def test_messages_of_both_connections_are_received():
    def first(sock):
        greet_client(sock)
        sock.sendall(OPENED + frame("one") + frame("half")[:-1])

    def second(sock):
        assert greet_client(sock) == ("micro", 2)
        sock.sendall(frame("two"))
        return take_word(sock)

    with scripted(first, second) as server:
        incoming = IncomingStream("macro", connect(server))
        inlet = StreamInlet(incoming, sender="macro.out", receiver="micro.in")
        assert [inlet.receive(timeout=PATIENCE).data for _ in range(2)] == ["one", "two"]
        incoming.close()
        assert server.finish() == [None, 3]


def test_wrong_secret_at_a_reconnection_is_a_permanent_error():
    def impostor(sock):
        take(sock, len(HELLO))
        sock.sendall(bytes(greeting.ANSWER_SIZE))

    with scripted(greet_client, impostor) as server:
        incoming = IncomingStream("macro", connect(server))
        inlet = StreamInlet(incoming, sender="macro.out", receiver="micro.in")
        for _ in range(2):
            with pytest.raises(RemoteProtocolError, match="the secret"):
                inlet.receive(timeout=PATIENCE)
        incoming.close()


def test_closed_connection_is_not_restored():
    with scripted(greet_client) as server:
        connection = connect(server)
        connection.close()
        assert not connection.restore()


def test_peer_of_another_run_is_rejected():
    def sender(sock):
        take(sock, len(HELLO))
        sock.sendall(bytes(greeting.ANSWER_SIZE))

    with scripted(sender) as server, pytest.raises(RemoteProtocolError, match="the secret"):
        connect(server)


def test_absent_peer_is_a_transport_error(nowhere):
    location = nowhere.replace(TCP, CONJOIN)
    with pytest.raises(TransportError):
        StreamConnection("macro", [location], receiver="micro", secret=SECRET, retries=RETRY_ONCE)


@pytest.mark.parametrize(
    ("opened", "port", "vector", "scalar"),
    [
        ("micro.in[0]", "in", "macro.out", "micro.in"),
        ("micro.in", "in[0]", "micro.in", "macro.out"),
    ],
)
def test_port_with_slots_at_one_end_only_is_a_permanent_error(
    receive, opened, port, vector, scalar
):
    inlet = receive(stream.open_channel(0, opened), frame(), port=port)
    for _ in range(2):
        with pytest.raises(PortError) as caught:
            inlet.receive(timeout=None)
        assert str(caught.value).startswith(
            "Ports 'macro.out' and 'micro.in' are joined by a conduit, but only"
            f" '{vector}' is declared with '[]' in its model, and '{scalar}' is not."
        )


def test_slot_of_a_channel_that_was_opened_without_one_is_rejected():
    connection = delivering(
        stream.open_channel(0, "micro.late"), stream.open_channel(1, "micro.in"), frame(1, 1)
    )
    incoming = IncomingStream("macro", connection)
    StreamInlet(incoming, sender="macro.out", receiver="micro.in").receive(timeout=None)
    with pytest.raises(PortError, match=r"'macro\.tail' and 'micro\.late'"):
        StreamInlet(incoming, sender="macro.tail", receiver="micro.late[0]")
    incoming.close()


def test_slots_of_vector_ports_are_received_separately(receive):
    inlet = receive(
        stream.open_channel(0, "micro.in[1]"),
        frame("other"),
        stream.open_channel(1, "micro.in[0]"),
        frame("mine", 1),
        port="in[0]",
    )
    assert inlet.receive(timeout=None).data == "mine"
