"""Reading frames, and what becomes of those that make no sense or do not come."""

import socket
from types import SimpleNamespace

import numpy as np
import pytest

from adapters.tcp import incoming_stream
from adapters.tcp.frame_reader import FrameReader
from adapters.tcp.incoming_stream import IncomingStream, StreamConnection, StreamInlet
from adapters.wire import greeting, stream
from adapters.wire.locations import CONJOIN, TCP, format_location
from adapters.wire.stream_receiver import BYTES_PER_ACKNOWLEDGEMENT, FRAMES_PER_ACKNOWLEDGEMENT
from domain.errors import PeerLost, PortError, RemoteProtocolError, TransportError
from tests.unit.adapters.tcp.loopback import PATIENCE, RETRY_ONCE, scripted, take, take_word
from tests.unit.adapters.wire.stream_ends import SECRET, connect_receiver, frame, new_receiver


class FakeConnection(StreamConnection):
    """Is connected already, delivers some frames, and is lost then."""

    def __init__(self, *frames):
        self.stream = new_receiver()
        connect_receiver(self.stream, is_resumable=False)
        self._socket, theirs = socket.socketpair()
        theirs.sendall(b"".join(frames))
        theirs.close()
        self._reader = FrameReader(self._socket)


OPENED = stream.open_channel(0, "micro.in")


@pytest.fixture
def receive():
    """Return what makes an inlet that receives some frames, and then loses the connection."""
    made = []

    def make(*frames, port="in"):
        incoming = IncomingStream("macro", FakeConnection(*frames))
        made.append(incoming)
        return StreamInlet(incoming, sender="macro.out", receiver=f"micro.{port}")

    yield make
    for incoming in made:
        incoming.close()


class ImpatientConnection:
    """Returns from each wait without a frame, after a share of the time it was given."""

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


def test_what_has_come_before_the_loss_is_given_out_before_it_is_told(receive):
    inlet = receive(OPENED, frame(1), frame(2))
    assert [inlet.receive(timeout=None).data for _ in range(2)] == [1, 2]
    for _ in range(2):
        with pytest.raises(PeerLost, match="connection with peer 'macro' was lost"):
            inlet.receive(timeout=None)


def test_messages_for_another_endpoint_are_kept_for_it():
    connection = FakeConnection(
        OPENED, stream.open_channel(1, "micro.other"), frame("other", 1), frame("mine")
    )
    incoming = IncomingStream("macro", connection)
    mine = StreamInlet(incoming, sender="macro.out", receiver="micro.in")
    other = StreamInlet(incoming, sender="macro.more", receiver="micro.other")
    assert mine.receive(timeout=None).data == "mine"
    assert other.receive(timeout=0).data == "other"
    assert mine.marks != (0, 0, 0)
    incoming.close()


def test_a_message_on_a_channel_that_was_not_opened_is_refused_for_good(receive):
    inlet = receive(frame(channel=3), OPENED, frame())
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="'macro' sent a message on a channel"):
            inlet.receive(timeout=None)


def test_a_frame_that_makes_no_sense_is_refused_for_good(receive):
    inlet = receive(OPENED, b"\xff" * 100)
    for _ in range(2):
        with pytest.raises(RemoteProtocolError):
            inlet.receive(timeout=None)


def test_half_a_frame_is_a_loss(receive):
    with pytest.raises(PeerLost):
        receive(OPENED, frame("long" * 10)[:-1]).receive(timeout=None)


def test_the_size_of_a_message_is_that_of_its_frame(receive):
    whole = frame(np.zeros(1000))
    assert receive(OPENED, whole).receive(timeout=None).size == len(whole)


def greet_client(sock):
    """Greet a client; return what it says about itself."""
    hello = take(sock, greeting.HELLO_SIZE)
    nonce = b"n" * greeting.NONCE_SIZE
    client_nonce = hello[len(greeting.MAGIC) :]
    sock.sendall(greeting.server_answer(SECRET, client_nonce, nonce))
    finish = take(sock, greeting.FINISH_SIZE)
    purpose = greeting.check_client_finish(SECRET, client_nonce, nonce, finish)
    assert purpose is greeting.Purpose.STREAM
    return stream.decode_hello(take(sock, take_word(sock)))


def connect(server, secret=SECRET):
    location = format_location(CONJOIN, [server.address])
    return StreamConnection("macro", [location], receiver="micro", secret=secret)


def read_frames(connection, count):
    """Read frames as they come, whatever is in them."""
    for _ in range(count):
        assert connection.next_frame_begins(timeout=None)
        connection.read_frame()


def test_the_receiver_says_who_it_is_and_in_the_end_how_much_it_has():
    def sender(sock):
        hello = greet_client(sock)
        sock.sendall(OPENED)
        return hello, take_word(sock)

    with scripted(sender) as server:
        connection = connect(server)
        read_frames(connection, 1)
        connection.close()
        connection.close()
        assert server.finish() == [(("micro", 0), 1)]


def test_it_says_how_much_it_has_from_time_to_time():
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


def test_a_lost_connection_is_made_again_with_how_much_it_has():
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


def test_frames_of_both_connections_of_a_stream_are_received():
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


def test_a_peer_that_greets_wrongly_when_it_returns_is_refused_for_good():
    def impostor(sock):
        take(sock, greeting.HELLO_SIZE)
        sock.sendall(bytes(greeting.ANSWER_SIZE))

    with scripted(greet_client, impostor) as server:
        incoming = IncomingStream("macro", connect(server))
        inlet = StreamInlet(incoming, sender="macro.out", receiver="micro.in")
        for _ in range(2):
            with pytest.raises(RemoteProtocolError, match="the secret"):
                inlet.receive(timeout=PATIENCE)
        incoming.close()


def test_a_connection_that_we_closed_is_not_made_again():
    with scripted(greet_client) as server:
        connection = connect(server)
        connection.close()
        assert not connection.restore()


def test_a_peer_of_another_run_is_refused():
    def sender(sock):
        take(sock, greeting.HELLO_SIZE)
        sock.sendall(bytes(greeting.ANSWER_SIZE))

    with scripted(sender) as server, pytest.raises(RemoteProtocolError, match="the secret"):
        connect(server)


def test_a_peer_that_is_not_there_is_an_error(nowhere):
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
def test_a_port_with_slots_at_one_end_only_is_refused_for_good(
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


def test_a_slot_that_is_looked_at_after_its_channel_was_opened_is_refused():
    connection = FakeConnection(
        stream.open_channel(0, "micro.late"), stream.open_channel(1, "micro.in"), frame(1, 1)
    )
    incoming = IncomingStream("macro", connection)
    StreamInlet(incoming, sender="macro.out", receiver="micro.in").receive(timeout=None)
    with pytest.raises(PortError, match=r"'macro\.tail' and 'micro\.late'"):
        StreamInlet(incoming, sender="macro.tail", receiver="micro.late[0]")
    incoming.close()


def test_slots_of_one_port_are_joined_to_slots_of_the_other(receive):
    inlet = receive(
        stream.open_channel(0, "micro.in[1]"),
        frame("other"),
        stream.open_channel(1, "micro.in[0]"),
        frame("mine", 1),
        port="in[0]",
    )
    assert inlet.receive(timeout=None).data == "mine"
