"""A socket that encrypts, between two ends of a socket pair."""

import random
import socket
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.io import network
from adapters.io.encrypted_socket import CHUNK, EncryptedSocket
from adapters.io.encryption import EncryptedChannel, run_encryption
from domain.errors import RemoteProtocolError

SECRET = "a secret of this test"
TIMEOUT = 60.0


class Ends:
    """Both ends of a connection, and the plain sockets below them."""

    def __init__(self):
        self.raw_client, self.raw_server = socket.socketpair()
        for sock in (self.raw_client, self.raw_server):
            sock.settimeout(TIMEOUT)
        self.client = self.encrypted(self.raw_client, is_server=False)
        self.server = self.encrypted(self.raw_server, is_server=True)

    @staticmethod
    def encrypted(sock, *, is_server, secret=SECRET):
        return EncryptedSocket(sock, EncryptedChannel(run_encryption(secret), is_server=is_server))

    def shake_hands(self):
        with ThreadPoolExecutor(1) as pool:
            arrived = pool.submit(self.server.recv, 10)
            self.client.sendall(b"hello")
            assert arrived.result(TIMEOUT) == b"hello"


@pytest.fixture
def ends():
    result = Ends()
    yield result
    result.client.close()
    result.server.close()


@pytest.fixture
def connected(ends):
    ends.shake_hands()
    return ends


def receive_exactly(sock, count):
    buffer = memoryview(bytearray(count))
    received = 0
    while received < count:
        received += sock.recv_into(buffer[received:])
    return bytes(buffer)


def test_large_data_arrive_in_both_directions_at_the_same_time(connected):
    data = random.Random(1).randbytes(3 * 10**6 + 17)
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(sock.sendall, data) for sock in (connected.client, connected.server)]
        received = [
            pool.submit(receive_exactly, sock, len(data))
            for sock in (connected.client, connected.server)
        ]
        assert all(item.result(TIMEOUT) == data for item in received)
        assert all(item.result(TIMEOUT) is None for item in sent)


def test_plain_text_is_not_sent(connected):
    connected.client.sendall(b"a marker " * 100)
    data = connected.raw_server.recv(65536)
    assert len(data) > 900
    assert b"a marker" not in data


def test_full_connection_accepts_all_data_when_the_rest_is_sent_later(connected):
    """As the drivers do: they pass the bytes that were not accepted again."""
    data = random.Random(2).randbytes(4 * 10**6)
    connected.client.setblocking(False)
    outgoing = deque(
        memoryview(data)[start : start + size]
        for start, size in [(0, 10), (10, 50_000), (50_010, 10**6), (1_050_010, 4 * 10**6)]
    )
    received = b""
    blocked = 0
    while outgoing:
        if not network.send_some(connected.client, outgoing):
            blocked += 1
            received += connected.server.recv(65536)
    while len(received) < len(data):
        received += connected.server.recv(65536)
    assert received == data
    assert blocked


def test_send_fails_at_once_while_the_connection_is_full(connected):
    connected.client.setblocking(False)
    outgoing = deque([memoryview(bytes(100 * CHUNK))])
    while network.send_some(connected.client, outgoing):
        pass
    with pytest.raises(BlockingIOError):
        connected.client.send(outgoing[0])


def test_receive_fails_at_once_while_nothing_has_arrived(connected):
    connected.server.setblocking(False)
    with pytest.raises(BlockingIOError):
        connected.server.recv(10)
    with pytest.raises(BlockingIOError):
        connected.server.recv_into(memoryview(bytearray(10)))


def test_receive_ends_after_the_timeout_of_the_socket(connected):
    connected.server.settimeout(0.01)
    with pytest.raises(TimeoutError):
        connected.server.recv(10)


def test_recv_leaves_nothing_that_a_poll_would_not_notice(connected):
    connected.client.sendall(b"x" * 100)
    assert connected.server.recv(10) == b"x" * 100
    assert not connected.server.poll(0)


def test_poll_notices_decrypted_data_that_did_not_fit(connected):
    connected.client.sendall(b"x" * 100)
    assert connected.server.recv_into(memoryview(bytearray(10))) == 10
    assert connected.server.poll(None)
    assert receive_exactly(connected.server, 90) == b"x" * 90
    assert not connected.server.poll(0)


def test_first_bytes_received_before_are_used(ends):
    with ThreadPoolExecutor(1) as pool:
        greeted = pool.submit(ends.client.sendall, b"hello")
        first = ends.raw_server.recv(3)
        channel = EncryptedChannel(run_encryption(SECRET), is_server=True)
        server = EncryptedSocket(ends.raw_server, channel, first=first)
        assert server.recv(10) == b"hello"
        greeted.result(TIMEOUT)


def test_closed_connection_ends_the_data(connected):
    connected.client.sendall(b"the end")
    connected.client.shutdown(socket.SHUT_WR)
    assert connected.server.recv(10) == b"the end"
    assert connected.server.recv(10) == b""
    assert connected.server.recv_into(memoryview(bytearray(10))) == 0


def test_connection_closed_in_the_handshake_is_an_error_of_the_connection(ends):
    ends.server.close()
    with pytest.raises(OSError):
        ends.client.sendall(b"hello")


def test_other_secret_fails_both_sides(ends):
    server = Ends.encrypted(ends.raw_server, is_server=True, secret="another secret")
    with ThreadPoolExecutor(1) as pool:
        accepted = pool.submit(server.recv, 10)
        with pytest.raises(RemoteProtocolError, match="does not know the secret of this run"):
            ends.client.sendall(b"hello")
        with pytest.raises(RemoteProtocolError, match="belong to another run"):
            accepted.result(TIMEOUT)


def test_closing_wakes_a_reader(connected):
    results = []
    reader = threading.Thread(target=lambda: results.append(connected.server.recv(10)))
    reader.start()
    connected.server.shutdown(socket.SHUT_RDWR)
    reader.join(TIMEOUT)
    assert results == [b""]


def test_closed_socket_has_no_descriptor(ends):
    assert ends.client.fileno() >= 0
    ends.client.close()
    assert ends.client.fileno() == -1
