"""Random data on every port: the server survives, logs it once, and serves its other clients.

All data is generated from fixed seeds, so failures are reproducible.
"""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgpack
import numpy as np
import psutil
import pytest
from typing_extensions import Self

from adapters.tcp.incoming_stream import IncomingStream
from adapters.tcp.manager_link import MMPClient
from adapters.wire import greeting, mpp, stream
from adapters.wire.frames import word
from adapters.wire.greeting import Purpose
from adapters.wire.locations import TCP, TcpAddress, addresses_in
from adapters.wire.map import is_request
from adapters.wire.session_server import MAX_UNTRUSTED_REQUEST
from application.instance.peer_transports import PeerTransports
from application.nodes.agent_timeouts import AgentTimeouts
from domain.coupling.messages import LogRecord, PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.settings import Settings
from domain.errors import ManagerRefused, PeerLost, RemoteProtocolError
from domain.identity import Reference
from domain.running.log_levels import LogLevel
from entrypoints._instance.instance_wiring import open_transports
from entrypoints.manager import Manager, ManagerOptions
from tests.support.conditions import wait_until
from tests.support.recordings import payloads
from tests.support.scenario_runs import write_configuration
from tests.support.stream_ends import ConnectedStream

pytestmark = pytest.mark.timeout(120)

SECRET = "the secret"
MANY = 1500
MEMORY = 150 * 2**20
PATIENCE = 20.0
ANSWERED_LATER = (42, 64)
MMP_REQUESTS = [item.payload for item in payloads("MMP", "request", version=None)]
MPP_REQUESTS = [item.payload for item in payloads("MPP", "request")]
MAP_REQUESTS = [
    msgpack.packb(values)
    for values in (
        [41, "node", {"cpu": [[0, 0], [1, 1]], "memory": 2**33, "version": "0.1.0"}],
        [42, "node"],
        [43, [["macro", 0, None]], "node"],
    )
]


def hello_for(purpose: Purpose) -> bytes:
    """Return the hello of instance 'macro' for a session, or of 'b' for a stream."""
    client, server = {
        Purpose.SESSION: ("instance macro", "manager"),
        Purpose.STREAM: ("instance b", "instance a"),
    }[purpose]
    return greeting.client_hello(b"c" * 32, greeting.Introduction(client, server, purpose))


class RawClient:
    """Sends arbitrary bytes."""

    def __init__(self, address: TcpAddress) -> None:
        self._socket = socket.create_connection(address, timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self._socket.sendall(data)

    def receive(self, count: int) -> bytes:
        """Return the next bytes; fewer if the server closes the connection."""
        data = b""
        with suppress(ConnectionError):
            while len(data) < count and (more := self._socket.recv(count - len(data))):
                data += more
        return data

    def receive_all(self) -> bytes:
        """Return all bytes until the server closes the connection."""
        with suppress(OSError):  # such as ENOTCONN after the server has closed
            self._socket.shutdown(socket.SHUT_WR)
        data = b""
        with suppress(ConnectionError):
            while more := self._socket.recv(65536):
                data += more
        return data

    def greet(self, purpose: Purpose) -> None:
        hello = hello_for(purpose)
        self.send(hello)
        answer = self.receive(greeting.ANSWER_SIZE)
        self.send(greeting.client_finish(SECRET, hello, answer))

    def begin(self) -> int:
        """Begin a session; return its id."""
        self.send(word(0))
        session_id = self.receive(8)
        assert len(session_id) == 8
        return int.from_bytes(session_id, "little")

    def ask(self, number: int, request: bytes) -> bytes | None:
        """Return the response to a request; None if the server closed the connection."""
        self.send(word(number) + word(len(request)) + request)
        length = self.receive(8)
        return self.receive(int.from_bytes(length, "little")) if len(length) == 8 else None


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes after changing, removing, duplicating or inserting a few."""
    result = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(result) + 1)
        match chance.randrange(5):
            case 0:
                result[place : place + 1] = chance.randbytes(1)
            case 1:
                del result[place : place + chance.randint(1, 4)]
            case 2:
                result[place:place] = result[place : place + chance.randint(1, 30)]
            case 3:
                result[place:place] = msgpack.packb(value(chance))
            case 4:
                result[place : place + 8] = chance.choice([b"\xff", b"\0", b"\x80"]) * 8
    return bytes(result)


def value(chance: random.Random, depth: int = 0) -> object:
    """Return a random value that can occur in a request."""
    leaves: list[object] = [
        None,
        True,
        0,
        -1,
        2**63,
        2**64 - 1,
        1.5,
        float("inf"),
        float("nan"),
        "",
        "macro",
        "micro[3]",
        "a b",
        "x" * 1000,
        b"\xff",
        msgpack.ExtType(chance.randrange(20), chance.randbytes(5)),
        msgpack.Timestamp(1, 2),
    ]
    if depth > 3 or chance.random() < 0.6:
        return chance.choice(leaves)
    if chance.random() < 0.5:
        return [value(chance, depth + 1) for _ in range(chance.randrange(6))]
    keys = ["cpu", "triggers", "at_end", "macro", "", "version", 3, None]
    return {chance.choice(keys): value(chance, depth + 1) for _ in range(chance.randrange(4))}


def from_grammar(chance: random.Random) -> bytes:
    """Return a request of a random type, with random arguments."""
    kind = chance.choice([*range(13), 41, 42, 43, 64, 65, 255, -1])
    arguments = [value(chance) for _ in range(chance.randrange(6))]
    if chance.random() < 0.5:
        arguments[:1] = ["macro"]
    return msgpack.packb([kind, *arguments])


def requests(seed: int, recorded: list[bytes]) -> Iterator[bytes]:
    chance = random.Random(seed)
    for _ in range(MANY):
        yield from_grammar(chance)
        yield mutated(chance.choice(recorded), chance)
    yield b"\x92\x01" + b"\x91" * 1000 + b"\xc0"
    yield b"\xdd\x7f\xff\xff\xff"
    yield (b"\xdd\x00\x0f\xff\xff") * 500 + bytes(2**20)
    yield b""


def kind_of(request: bytes) -> object:
    try:
        return msgpack.unpackb(request, strict_map_key=False)[0]
    except Exception:  # noqa: BLE001 - any error means that it is not a valid request
        return None


class WatchedManager:
    """A manager whose memory and threads are checked."""

    def __init__(self, manager: Manager, folder: Path) -> None:
        self._manager = manager
        self._log = folder / "run" / "muscle3_manager.log"
        self.location = manager.location
        (self.address, *_) = addresses_in([manager.location], TCP)
        self._memory = psutil.Process().memory_info().rss
        self._threads = {thread.name for thread in threading.enumerate()}
        self._marks = 0

    def logged_errors(self) -> int:
        """Return the number of lines that the manager has logged about invalid clients."""
        self._write_all_of_the_log()
        lines = self._log.read_text().splitlines()
        assert not [line for line in lines if "internal error" in line], "\n".join(lines)
        return sum("protocol error by" in line or "left in the middle" in line for line in lines)

    def _write_all_of_the_log(self) -> None:
        # another thread writes the log, in order, so all lines before this one are in the file
        self._marks += 1
        mark = f"mark {self._marks}"
        with closing(MMPClient("macro", self.location, secret=SECRET)) as link:
            link.submit_log_message(LogRecord("macro", 0.0, LogLevel.WARNING, mark))
        wait_until(lambda: mark in self._log.read_text())

    def check_healthy(self) -> None:
        """Check that valid clients are served, and that no thread and no memory was lost."""
        with closing(MMPClient("macro", self.location, secret=SECRET)) as link:
            assert link.get_settings()["name"] == "text"
        with (
            closing(MMPClient("macro", self.location)) as link,
            pytest.raises(ManagerRefused, match="must register"),
        ):
            link.get_settings()
        assert self._threads <= {thread.name for thread in threading.enumerate()}
        assert psutil.Process().memory_info().rss - self._memory < MEMORY


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchedManager]:
    # A fake agent does not acknowledge the shutdown.
    monkeypatch.setattr("entrypoints._manager.manager_api.SHUTDOWN_MARGIN", 0.5)
    path = write_configuration("macro_micro", libraries="conjoin", folder=tmp_path)
    (tmp_path / "run").mkdir()
    options = ManagerOptions(secret=SECRET, starts_all=True, timeouts=AgentTimeouts(grace=0.1))
    with Manager([path], run_dir=tmp_path / "run", options=options) as running:
        watched = WatchedManager(running, tmp_path)
        yield watched
        watched.check_healthy()


def test_manager_survives_random_bytes_before_the_handshake(manager: WatchedManager):
    chance = random.Random(1)
    for number in range(MANY):
        data = chance.randbytes(chance.randrange(60))
        if number % 3 == 0:
            data = hello_for(Purpose.SESSION)[: chance.randrange(50)] + data
        with RawClient(manager.address) as client:
            client.send(data)
            client.receive_all()
    assert 0 < manager.logged_errors() <= MANY


def test_manager_survives_random_bytes_instead_of_frames(manager: WatchedManager):
    chance = random.Random(2)
    for _ in range(MANY):
        with RawClient(manager.address) as client:
            if chance.random() < 0.5:
                client.greet(Purpose.SESSION)
            client.begin()
            length = chance.choice([0, 1, 8, 2**16, 2**16 + 1, 2**22 + 1, 2**40, 2**63, 2**64 - 1])
            body = chance.randbytes(chance.randrange(60))
            client.send(word(chance.randrange(5)) + length.to_bytes(8, "little") + body)
            client.receive_all()
    assert 0 < manager.logged_errors() <= MANY


@pytest.mark.parametrize("greets", [False, True])
def test_manager_answers_every_invalid_request(manager: WatchedManager, greets: bool):
    clients = 0
    answers = set()
    for request in requests(3 + greets, MMP_REQUESTS + (MAP_REQUESTS if greets else [])):
        with RawClient(manager.address) as client:
            clients += 1
            if greets:
                client.greet(Purpose.SESSION)
            client.begin()
            if kind_of(request) in ANSWERED_LATER:
                client.send(word(1) + word(len(request)) + request)
                client.receive_all()
                continue
            answer = client.ask(1, request)
            if not greets and (is_request(request) or len(request) > MAX_UNTRUSTED_REQUEST):
                assert answer is None
                continue
            assert answer, request
            answers.add(msgpack.unpackb(answer, strict_map_key=False)[0])
    assert ({0, 1} if greets else {1}) <= answers
    assert 0 < manager.logged_errors() <= clients


def test_invalid_requests_of_one_client_are_logged_once(manager: WatchedManager):
    with RawClient(manager.address) as client:
        client.begin()
        for number in range(1, MANY):
            answer = client.ask(number, msgpack.packb([99, number]))
            assert msgpack.unpackb(answer)[0] == 1
    assert manager.logged_errors() == 1


@pytest.mark.parametrize("request_", MAP_REQUESTS, ids=["41", "42", "43"])
def test_client_without_the_secret_cannot_act_as_an_agent(manager: WatchedManager, request_: bytes):
    with RawClient(manager.address) as client:
        client.begin()
        assert client.ask(1, request_) is None
    assert manager.logged_errors() == 1


def test_client_that_never_reads_does_not_fill_the_memory(manager: WatchedManager):
    request = msgpack.packb([5, "macro", 0.0, 20, "x"])
    again = word(1) + word(len(request)) + request
    with RawClient(manager.address) as client:
        client.begin()
        client._socket.settimeout(0.2)
        with suppress(TimeoutError):
            for _ in range(200):
                client._socket.sendall(again * 2000)
        manager.check_healthy()


@contextmanager
def instance() -> Iterator[tuple[PeerTransports, TcpAddress]]:
    transport = open_transports("a", secret=SECRET, hosts=["127.0.0.1"])
    try:
        (address, *_) = addresses_in(transport.locations(), TCP)
        yield transport, address
    finally:
        transport.close()


def send_and_fetch(transport: PeerTransports) -> None:
    """Check that valid peers of both libraries receive their messages."""
    for name, secret in (("ours", SECRET), ("theirs", None)):
        places = ["tcp:127.0.0.1:1", "conjoin:127.0.0.1:1"][: 2 if secret else 1]
        sender = Endpoint(Reference("a"), "out")
        receiver = Endpoint(Reference(name), "in")
        outlet = transport.outlet(sender=sender, receiver=receiver, peer_locations=places)
        outlet.send(PeerMessage(0.0, None, name, Settings(), None, 0, ()))
        peer = open_transports(name, secret=secret, hosts=["127.0.0.1"])
        inlet = peer.inlet(sender=sender, receiver=receiver, peer_locations=transport.locations())
        message = inlet.receive(timeout=PATIENCE)
        assert message is not None
        assert message.data == name
        peer.close()


def test_instance_survives_random_bytes_on_its_port():
    memory = psutil.Process().memory_info().rss
    chance = random.Random(5)
    with instance() as (transport, address):
        for number in range(MANY):
            with RawClient(address) as client:
                if number % 3 == 0:
                    client.send(chance.randbytes(chance.randrange(60)))
                elif number % 3 == 1:
                    client.greet(Purpose.STREAM)
                    hello = mutated(stream.encode_hello("b", 0), chance)
                    client.send(word(chance.choice([len(hello), 2**30])) + hello)
                else:
                    client.begin()
                    request = mutated(chance.choice(MPP_REQUESTS), chance)
                    client.send(word(1) + word(len(request)) + request)
                client.receive_all()
        send_and_fetch(transport)
    assert psutil.Process().memory_info().rss - memory < MEMORY


def test_invalid_request_to_an_instance_ends_the_session():
    with instance() as (transport, address):
        with RawClient(address) as client:
            session = client.begin()
            assert client.ask(1, b"\x92\x63\x01") is None
        with RawClient(address) as client:
            client.send(word(session))
            assert client.receive_all() == b""
        send_and_fetch(transport)


def test_invalid_stream_raises_an_error_at_the_receiver():
    chance = random.Random(6)
    message = PeerMessage(
        0.0, None, {"x": np.arange(2000.0), "y": [1j]}, Settings({"a": 1}), 2, 0, (1,)
    )
    frames = stream.open_channel(0, "a.in") + b"".join(
        map(bytes, stream.encode_message(0, message))
    )
    outcomes = set()
    for _ in range(MANY):
        ours, theirs = socket.socketpair()
        start = chance.choice([0, len(stream.open_channel(0, "a.in"))])
        data = frames[:start] + mutated(frames[start : start + 300], chance) + frames[start + 300 :]
        feeding = threading.Thread(target=_feed, args=(theirs, data))
        feeding.start()
        incoming = IncomingStream("peer", ConnectedStream(ours))
        arrivals = incoming.expect("peer.out", "a.in")
        try:
            outcomes.add(type(incoming.receive(arrivals, PATIENCE)))
        except (PeerLost, RemoteProtocolError) as error:
            outcomes.add(type(error))
            with pytest.raises((PeerLost, RemoteProtocolError)):
                incoming.receive(arrivals, PATIENCE)
        incoming.close()
        feeding.join()
    assert outcomes >= {PeerLost, RemoteProtocolError}


def _feed(sock: socket.socket, data: bytes) -> None:
    with sock, suppress(OSError):
        sock.sendall(data)


@pytest.mark.parametrize("data", [b"", b"\x95\x15\xa4b.in", mpp.encode_request("x" * 10**5)])
def test_instance_survives_invalid_requests_for_messages(data: bytes):
    with instance() as (transport, address):
        with RawClient(address) as client:
            client.begin()
            client.send(word(1) + word(len(data)) + data)
            client.receive_all()
        send_and_fetch(transport)
