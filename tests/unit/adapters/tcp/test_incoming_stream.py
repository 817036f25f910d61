"""Reading frames, and what becomes of those that make no sense or do not come."""

import socket
import threading

import numpy as np
import pytest

from adapters.tcp import incoming_stream
from adapters.tcp.incoming_stream import (
    BUFFER_SIZE,
    FRAMES_PER_ACKNOWLEDGEMENT,
    LARGE,
    FrameReader,
    IncomingStream,
    StreamConnection,
    StreamInlet,
)
from adapters.wire import greeting, stream
from adapters.wire.locations import CONJOIN, TCP, format_location
from domain.errors import PeerLost, PortError, RemoteProtocolError, TransportError
from domain.messages import PeerMessage
from domain.settings import Settings
from tests.unit.adapters.tcp.loopback import PATIENCE, scripted, take, take_word

SECRET = "the secret"


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def reader(ends):
    return FrameReader(ends[0])


@pytest.fixture
def theirs(ends):
    return ends[1]


def test_nothing_comes_until_something_does(reader, theirs):
    assert not reader.wait_readable(0)
    assert not reader.wait_readable(0.01)
    theirs.sendall(b"x")
    assert reader.wait_readable(None)
    assert reader.wait_readable(0)
    assert reader.read(1) == b"x"
    assert not reader.wait_readable(0.01)


def test_parts_are_read_one_by_one_however_they_come(reader, theirs):
    sending = threading.Thread(target=lambda: [theirs.sendall(b"x") for _ in range(100)])
    sending.start()
    assert [len(reader.read(count)) for count in (0, 1, 30, 69)] == [0, 1, 30, 69]
    sending.join(PATIENCE)


def test_parts_that_do_not_fit_behind_each_other_are_read_whole(reader, theirs):
    data = bytes(range(256)) * (BUFFER_SIZE // 256)
    sending = threading.Thread(target=theirs.sendall, args=(data * 3,))
    sending.start()
    assert reader.read(100) == data[:100]
    assert reader.read(BUFFER_SIZE) == (data * 2)[100 : 100 + BUFFER_SIZE]
    assert reader.read(BUFFER_SIZE + 50) == (data * 3)[100 + BUFFER_SIZE : 150 + 2 * BUFFER_SIZE]
    sending.join(PATIENCE)


def test_what_was_read_ahead_comes_first_in_place(reader, theirs):
    theirs.sendall(b"headbuffer")
    assert bytes(reader.read(4)) == b"head"
    assert reader.read_in_place(6) == b"buffer"
    assert reader.read_in_place(0) == b""


def test_a_buffer_in_place_is_not_written_over(reader, theirs):
    theirs.sendall(b"onetwo")
    first = reader.read_in_place(3)
    assert reader.read_in_place(3) == b"two"
    assert first == b"one"


def test_what_has_begun_is_waited_for_beyond_the_time(reader, theirs):
    theirs.sendall(b"ab")
    assert reader.wait_readable(0.01)
    sending = threading.Timer(0.05, theirs.sendall, [b"cd"])
    sending.start()
    assert reader.read(4) == b"abcd"
    sending.join(PATIENCE)


@pytest.mark.parametrize("read", ["read", "read_in_place"])
def test_the_end_of_a_connection_is_an_error(reader, theirs, read):
    theirs.sendall(b"ab")
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(EOFError, match="the other side closed the connection"):
        getattr(reader, read)(3)


class FakeConnection:
    """Gives out frames; may be lost."""

    def __init__(self, *frames, restores=False):
        self._ours, theirs = socket.socketpair()
        theirs.sendall(b"".join(frames))
        theirs.close()
        self.reader = FrameReader(self._ours)
        self.noted = []
        self._restores = restores

    def next_frame_begins(self, *, timeout):
        return self.reader.wait_readable(timeout)

    def note_received(self, size):
        self.noted.append(size)

    def restore(self):
        return self._restores

    def close(self):
        self._ours.close()


def message(data="x", number=0):
    return PeerMessage(0.0, None, data, Settings(), None, number, ())


def frame(data="x", channel=0):
    return b"".join(map(bytes, stream.encode_message(channel, message(data))))


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


def test_the_receiver_says_who_it_is_and_in_the_end_how_much_it_has_and_goodbye():
    def sender(sock):
        return greet_client(sock), take_word(sock), take_word(sock), sock.recv(1)

    with scripted(sender) as server:
        connection = connect(server)
        connection.note_received(1)
        connection.close()
        connection.close()
        assert server.finish() == [(("micro", 0), 1, stream.GOODBYE, b"")]


def test_it_says_how_much_it_has_from_time_to_time():
    def sender(sock):
        greet_client(sock)
        return [take_word(sock) for _ in range(3)]

    with scripted(sender) as server:
        connection = connect(server)
        for _ in range(FRAMES_PER_ACKNOWLEDGEMENT):
            connection.note_received(1)
        connection.note_received(LARGE)
        connection.close()
        many = FRAMES_PER_ACKNOWLEDGEMENT
        assert server.finish() == [[many, many + 1, many + 1]]


def test_a_lost_connection_is_made_again_with_how_much_it_has():
    with scripted(greet_client, greet_client) as server:
        connection = connect(server)
        connection.note_received(1)
        with pytest.raises(EOFError):
            connection.next_frame_begins(timeout=None)
        assert connection.restore()
        connection.close()
        assert server.finish() == [("micro", 0), ("micro", 1)]


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


def test_a_peer_that_is_not_there_is_an_error(nowhere, monkeypatch):
    monkeypatch.setattr(incoming_stream, "RETRY_TIME", 0.1)
    location = nowhere.replace(TCP, CONJOIN)
    with pytest.raises(TransportError):
        StreamConnection("macro", [location], receiver="micro", secret=SECRET)


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
