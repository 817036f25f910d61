"""Two machines on one machine: network namespaces that are connected by a cable."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.conditions import wait_until

_RECORDER = """
import socket, sys

sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**24)
with open(sys.argv[1], "wb", buffering=0) as file:
    while True:
        file.write(sock.recv(2**17))
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A network namespace.

    Attributes:
        name: Its name.
        address: Its address in the network of both.
    """

    name: str
    address: str

    @property
    def run(self) -> tuple[str, ...]:
        """The beginning of a command that runs another one there."""
        return ("ip", "netns", "exec", self.name)


@contextlib.contextmanager
def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """Create two machines; skip the test where that is not possible, and fail it in CI as root."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        reason = "needs root and iproute2, to create networks"
        if os.environ.get("CONJOIN_CI") == "1" and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
    number = os.getpid()
    network = f"10.{100 + number // 256 % 100}.{number % 256}"
    machines = tuple(
        Machine(f"conjoin{number}{letter}", f"{network}.{host}")
        for letter, host in (("a", 1), ("b", 2))
    )
    ends = [f"cj{number}{letter}" for letter in "ab"]
    try:
        for machine in machines:
            _ip("netns", "add", machine.name)
            _ip("-n", machine.name, "link", "set", "lo", "up")
        _ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for machine, end in zip(machines, ends, strict=True):
            _ip("link", "set", end, "netns", machine.name)
            _ip("-n", machine.name, "addr", "add", f"{machine.address}/24", "dev", end)
            _ip("-n", machine.name, "link", "set", end, "up")
        yield machines[0], machines[1]
    finally:
        for machine in machines:
            subprocess.run(["ip", "netns", "del", machine.name], check=False)


@contextlib.contextmanager
def recorded_packets(machine: Machine, file: Path) -> Iterator[None]:
    """Write all packets that a machine sends or receives to a file."""
    process = subprocess.Popen([*machine.run, sys.executable, "-c", _RECORDER, str(file)])
    try:
        wait_until(file.exists)
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def cut_off(machine: Machine, port: int) -> Iterator[None]:
    """Drop all packets that a machine sends from a port; its other connections remain."""
    rule = ("sport", str(port), "ipproto", "tcp", "blackhole")
    _ip("-n", machine.name, "rule", "add", "priority", "1", *rule)
    try:
        yield
    finally:
        _ip("-n", machine.name, "rule", "del", "priority", "1")


def listening_port(machine: Machine, pid: int) -> int:
    """Return a port on which a process listens for connections from other machines."""
    pattern = re.compile(rf"^LISTEN .*?[^:\s]:(\d+) .*\bpid={pid}\b", re.MULTILINE)
    found: list[str] = []

    def is_listening() -> bool:
        found[:] = pattern.findall(_sockets(machine, "-ltnp"))
        return bool(found)

    wait_until(is_listening)
    return int(found[0])


def retransmissions(machine: Machine, port: int) -> int:
    """Return how often a machine has repeated the oldest packet that it sent from a port."""
    statistics = _sockets(machine, "-tni", "sport", "=", f":{port}")
    return max([0, *map(int, re.findall(r"\bbackoff:(\d+)", statistics))])


def _sockets(machine: Machine, *arguments: str) -> str:
    command = [*machine.run, "ss", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
