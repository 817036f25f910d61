"""Reading the parts of frames from a socket."""

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.io.encrypted_socket import EncryptedSocket
from adapters.io.encryption import EncryptedChannel, run_encryption
from adapters.tcp.frame_reader import BUFFER_SIZE, TIMEOUT_TOLERANCE, TIMEVAL, FrameReader
from tests.unit.adapters.tcp.loopback import PATIENCE


@pytest.fixture
def socket_pair():
    ours, other_end = socket.socketpair()
    yield ours, other_end
    ours.close()
    other_end.close()


@pytest.fixture
def reader(socket_pair):
    return FrameReader(socket_pair[0])


@pytest.fixture
def other_end(socket_pair):
    return socket_pair[1]


def test_wait_returns_once_data_arrive(reader, other_end):
    assert not reader.wait_readable(0)
    assert not reader.wait_readable(0.01)
    other_end.sendall(b"x")
    assert reader.wait_readable(None)
    assert reader.wait_readable(0)
    assert reader.read(1) == b"x"
    assert not reader.wait_readable(0.01)


class RecordingSocket(socket.socket):
    """Records each timeout that is set, and the current timeout at each receive.

    Each receive immediately delivers one byte, so that no test waits.
    """

    def __init__(self):
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self.timeouts_set = []
        self.in_force = []

    def setsockopt(self, level, option, value):
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_RCVTIMEO)
        seconds, microseconds = TIMEVAL.unpack(value)
        self.timeouts_set.append(seconds + microseconds / 1e6)

    def recv_into(self, buffer):
        self.in_force.append(self.timeouts_set[-1] if self.timeouts_set else 0.0)
        buffer[0] = 0
        return 1


def wait_with(timeouts):
    """Receive one byte with each of these timeouts; return the socket."""
    with RecordingSocket() as sock:
        reader = FrameReader(sock)
        for timeout in timeouts:
            assert reader.wait_readable(timeout)
            reader.read(1)
    return sock


def test_receive_timeout_is_set_once_for_many_messages_with_nearly_equal_timeouts():
    # the time left until a deadline of 0.2 s, always a little less
    nearly_equal = [0.2 - number * 1e-5 for number in (3, 1, 2, 7, 5, 0)] * 20
    assert wait_with(nearly_equal).timeouts_set == [0.2]


def test_receive_timeout_is_set_once_for_timeouts_on_both_sides_of_a_step():
    assert wait_with([0.1899, 0.1901, 0.19, 0.1899, 0.1901]).timeouts_set == [0.19, 0.2]


@pytest.mark.parametrize(
    ("timeouts", "expected"),
    [
        ([0.2, 0.3], [0.2, 0.3]),
        ([0.3, 0.2], [0.3, 0.2]),
        ([0.2, 0.175], [0.2, 0.18]),
        ([None, None], []),
        ([0.2, None, None, 0.2], [0.2, 0.0, 0.2]),
        ([1.0, 86400.995], [1.0, 86401.0]),
    ],
)
def test_receive_timeout_is_set_again_when_it_no_longer_fits(timeouts, expected):
    assert wait_with(timeouts).timeouts_set == pytest.approx(expected)


@given(st.lists(st.floats(TIMEOUT_TOLERANCE, 1000.0), min_size=1))
def test_receive_timeout_in_force_is_never_too_short_nor_much_too_long(timeouts):
    microsecond = 1e-6
    in_force = wait_with(timeouts).in_force
    assert len(in_force) == len(timeouts)
    for asked, got in zip(timeouts, in_force, strict=True):
        assert asked - microsecond <= got <= asked + TIMEOUT_TOLERANCE + microsecond


def test_parts_are_read_from_pieces_of_any_size(reader, other_end):
    sending = threading.Thread(target=lambda: [other_end.sendall(b"x") for _ in range(100)])
    sending.start()
    assert [len(reader.read(count)) for count in (0, 1, 30, 69)] == [0, 1, 30, 69]
    sending.join(PATIENCE)


def test_parts_beyond_the_end_of_the_buffer_are_read_whole(reader, other_end):
    data = bytes(range(256)) * (BUFFER_SIZE // 256)
    sending = threading.Thread(target=other_end.sendall, args=(data * 3,))
    sending.start()
    assert reader.read(100) == data[:100]
    assert reader.read(BUFFER_SIZE) == (data * 2)[100 : 100 + BUFFER_SIZE]
    assert reader.read(BUFFER_SIZE + 50) == (data * 3)[100 + BUFFER_SIZE : 150 + 2 * BUFFER_SIZE]
    sending.join(PATIENCE)


def test_bytes_read_ahead_come_first_in_place(reader, other_end):
    other_end.sendall(b"headbuffer")
    assert bytes(reader.read(4)) == b"head"
    assert reader.read_in_place(6) == b"buffer"
    assert reader.read_in_place(0) == b""


def test_buffer_read_in_place_is_not_overwritten(reader, other_end):
    other_end.sendall(b"onetwo")
    first = reader.read_in_place(3)
    assert reader.read_in_place(3) == b"two"
    assert first == b"one"


def test_wait_for_the_rest_of_a_part_may_exceed_the_timeout(reader, other_end):
    other_end.sendall(b"ab")
    assert reader.wait_readable(0.01)
    sending = threading.Timer(0.05, other_end.sendall, [b"cd"])
    sending.start()
    assert reader.read(4) == b"abcd"
    sending.join(PATIENCE)


@pytest.mark.parametrize("read", ["read", "read_in_place"])
def test_end_of_the_connection_is_an_error(reader, other_end, read):
    other_end.sendall(b"ab")
    other_end.shutdown(socket.SHUT_WR)
    with pytest.raises(EOFError, match="the other side closed the connection"):
        getattr(reader, read)(3)


@pytest.fixture
def encrypted_ends(socket_pair):
    encryption = run_encryption("a secret of this test")
    ours, theirs = (
        EncryptedSocket(sock, EncryptedChannel(encryption, is_server=is_server))
        for sock, is_server in zip(socket_pair, (False, True), strict=True)
    )
    greeted = threading.Thread(target=ours.sendall, args=(b"hello",))
    greeted.start()
    assert theirs.recv(5) == b"hello"
    greeted.join()
    return ours, theirs


def test_encrypted_parts_are_read_like_plain_ones(encrypted_ends):
    ours, theirs = encrypted_ends
    reader = FrameReader(ours)
    assert not reader.wait_readable(0)
    assert not reader.wait_readable(0.03)
    data = bytes(range(256)) * 300
    writer = threading.Thread(target=theirs.sendall, args=(b"head" + data + b"tail",))
    writer.start()
    assert reader.wait_readable(None)
    assert reader.read(4) == b"head"
    assert reader.read_in_place(len(data)) == data
    assert reader.read(4) == b"tail"
    writer.join()
    assert not reader.wait_readable(0)
    assert not reader.wait_readable(0.03)


def test_wait_notices_encrypted_data_behind_a_part_read_in_place(encrypted_ends):
    """They are in memory already, so the socket has nothing to read."""
    ours, theirs = encrypted_ends
    reader = FrameReader(ours)
    theirs.sendall(b"first" + b"next")
    assert reader.read_in_place(5) == b"first"
    assert reader.wait_readable(0)
    assert reader.read(4) == b"next"
    assert not reader.wait_readable(0)
