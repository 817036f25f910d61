"""Measures what encryption costs: the same connections over TCP, plain and encrypted.

Connections to the loopback interface are plain, and those to another address of this machine are
encrypted; neither leaves the machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from adapters.io import network
from adapters.io.event_loop import EventLoop
from adapters.tcp.server import Server
from adapters.tcp.session_client import SessionClient
from adapters.wire.locations import (
    CONJOIN,
    TCP,
    TcpAddress,
    addresses_in,
    format_location,
    is_loopback_host,
)
from application.interfaces.peer_transport import Inlet, Outlet
from benchmarks.sides import PROGRAMS
from benchmarks.table import Row, in_ms, in_us
from domain.coupling.messages import PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.settings import Settings
from domain.identity import Reference
from entrypoints._instance.instance_wiring import open_transports

COLUMNS = ("plain", "encrypted")

SECRET = "0123456789abcdef" * 4
HERE, THERE = (Endpoint(Reference(name), "port") for name in ("caller", "echo"))
SIZES = ((0, 3000), (1024, 3000), (16 * 10**6, 30), (128 * 10**6, 6))
CONNECTIONS = 200
REPETITIONS = 3
LOADING = f"""
import time
from adapters.io import connections
from adapters.wire.locations import TcpAddress
start = time.perf_counter()
connections.prepare({SECRET!r}, [TcpAddress("10.0.0.1", 9000)])
print(time.perf_counter() - start)
"""


def rows() -> Iterator[Row]:
    """Yield the results."""
    hosts = (network.LOOPBACK, _address_of_the_network())
    for size, count in SIZES:
        pairs = [[_round_trip(host, size, count) for host in hosts] for _ in range(REPETITIONS)]
        plain, encrypted = (min(values) for values in zip(*pairs, strict=True))
        name = f"{size // 10**6} MB" if size >= 10**6 else f"{size} B"
        yield Row(
            f"round trip over TCP, {name}", plain, encrypted, in_us if size < 10**6 else in_ms
        )
    pairs = [[_connecting(host) for host in hosts] for _ in range(REPETITIONS)]
    plain, encrypted = (min(values) for values in zip(*pairs, strict=True))
    yield Row("connecting, greeting and one request", plain, encrypted, in_us)
    yield Row("once in each program", 0.0, min(_loading() for _ in range(REPETITIONS)), in_ms)


def _address_of_the_network() -> str:
    for host in network.own_hosts():
        if not is_loopback_host(host):
            return host
    msg = "this machine has no network interface"
    raise RuntimeError(msg)


def _round_trip(host: str, size: int, count: int) -> float:
    data = np.ones(size // 8) if size else None
    with _echo(host) as (outlet, inlet):
        seconds = []
        for number in range(count):
            start = time.perf_counter()
            outlet.send(_message(number, data))
            answer = inlet.receive(timeout=None)
            seconds.append(time.perf_counter() - start)
            del answer
        return statistics.median(seconds)


def _message(number: int, data: object) -> PeerMessage:
    return PeerMessage(float(number), None, data, Settings(), None, number, ())


@contextmanager
def _echo(host: str) -> Iterator[tuple[Outlet, Inlet]]:
    """Start a program that sends each message back; yield the ways to it and from it."""
    transport = open_transports("caller", secret=SECRET, hosts=[host])
    command = [sys.executable, str(PROGRAMS / "echo.py"), host, SECRET]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        addresses = addresses_in(transport.locations(), CONJOIN)
        tcp = [item for item in addresses if isinstance(item, TcpAddress)]
        program.stdin.write(f"{format_location(CONJOIN, tcp)}\n")
        program.stdin.flush()
        peer = [program.stdout.readline().strip()]
        outlet = transport.outlet(sender=HERE, receiver=THERE, peer_locations=peer)
        inlet = transport.inlet(sender=THERE, receiver=HERE, peer_locations=peer)
        yield outlet, inlet
        outlet.send(_message(-1, None))
        transport.finish_receiving()
        transport.wait_until_sent(timeout=10)
        transport.close()


def _connecting(host: str) -> float:
    server = Server(
        lambda request, reply: reply([request.body]),
        loop=EventLoop("server"),
        max_request=1000,
        secret=SECRET,
    )
    addresses = server.listen([host])
    server.start()
    seconds = []
    for _ in range(CONNECTIONS):
        start = time.perf_counter()
        client = SessionClient([format_location(TCP, addresses)], secret=SECRET)
        client.call(b"request")
        seconds.append(time.perf_counter() - start)
        client.close()
    server.close()
    return statistics.median(seconds)


def _loading() -> float:
    command = [sys.executable, "-c", LOADING]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
