"""Checks whether agents can be started on hosts over SSH."""

from __future__ import annotations

import inspect
import json
import secrets
import shlex
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import paramiko

from adapters.io import network
from adapters.ssh_agents import remote_check
from adapters.ssh_agents.connections import SshConnections
from adapters.ssh_agents.hosts import SshHost
from adapters.ssh_agents.launcher import MAX_PARALLEL, sorted_addresses
from adapters.ssh_agents.remote_agent import CHUNK, ERRORS, START_TIME, quoted_path
from adapters.ssh_agents.ssh_config import Route, SshConfiguration
from adapters.ssh_agents.tunnel import ReverseTunnel
from adapters.wire.locations import TCP, TcpAddress, addresses_in
from domain.errors import TransportError
from domain.version import VERSION

OK: Final = "ok"
FAILED: Final = "failed"
LARGEST_OFFSET: Final = 5.0
"""Seconds by which the clock of a host may differ from ours. Profiles are distorted by less."""


@dataclass(slots=True)
class HostReport:
    """The result of the checks of a host.

    Attributes:
        name: Name of the node.
        results: A short result for each check that was made.
        problems: A description of each problem.
    """

    name: str
    results: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, check: str, result: str, problem: str | None = None) -> None:
        """Add a result; with a problem, the check has failed."""
        self.results[check] = result
        if problem is not None:
            self.problems.append(problem)


CHECKS: Final = ("connection", "python", "conjoin", "clock", "directory", "manager")
"""The checks, in order; each but the first needs the ones before."""


@final
class SshHostCheck:
    """Checks hosts in parallel.

    Args:
        hosts: The hosts.
        directory: Where run directories will be.
        accept_new_host_keys: Whether to accept the host key of a host that has no known key.
        ssh_config: The user's SSH configuration; `~/.ssh/config` by default.
    """

    def __init__(
        self,
        hosts: Sequence[SshHost],
        *,
        directory: Path,
        accept_new_host_keys: bool = False,
        ssh_config: Path | None = None,
    ) -> None:
        self._hosts = tuple(hosts)
        self._directory = directory
        self._accepts_new = accept_new_host_keys
        self._ssh_config = ssh_config

    def run(self) -> list[HostReport]:
        """Check all hosts; return the reports in the order of the hosts.

        Raises:
            ConfigurationError: If the SSH configuration cannot be used.
        """
        configuration = SshConfiguration(self._ssh_config)
        routes = [configuration.route_to(host) for host in self._hosts]
        connections = SshConnections(accept_new_host_keys=self._accepts_new, patience=START_TIME)
        token = secrets.token_hex(16)
        try:
            with _answering(token) as addresses:
                check = _Check(connections, addresses, token, self._directory)
                with ThreadPoolExecutor(
                    min(len(routes), MAX_PARALLEL), thread_name_prefix="conjoin-ssh-check"
                ) as pool:
                    return list(pool.map(check.check, self._hosts, routes))
        finally:
            connections.close()


@dataclass(frozen=True, slots=True)
class _Check:
    """Checks one host after another.

    Attributes:
        connections: Connects to the hosts.
        addresses: Where this process answers with the token.
        token: What it answers.
        directory: Where run directories will be.
    """

    connections: SshConnections
    addresses: Sequence[TcpAddress]
    token: str
    directory: Path

    def check(self, host: SshHost, route: Route) -> HostReport:
        """Return the report about a host."""
        report = HostReport(host.name)
        try:
            client = self.connections.open(route)
        except TransportError as error:
            report.add("connection", FAILED, f"({route.target}) {error}")
            return report
        report.add("connection", OK)
        transport = client.get_transport()
        assert transport is not None
        try:
            addresses = sorted_addresses(client, self.addresses)
            self._check_through(transport, host, report, addresses)
        except ERRORS as error:
            report.add("python", FAILED, f"the SSH connection failed: {error}")
        return report

    def _check_through(
        self,
        transport: paramiko.Transport,
        host: SshHost,
        report: HostReport,
        addresses: Sequence[TcpAddress],
    ) -> None:
        tunnel = ReverseTunnel(transport, addresses) if host.tunnel else None
        try:
            if tunnel is not None:
                located = addresses_in([tunnel.open()], TCP)
                addresses = [item for item in located if isinstance(item, TcpAddress)]
            with self._shared_file(host) as path:
                values = self._ask(transport, host, report, addresses, path)
                if values is not None:
                    _judge(values, host, report, path, self.token)
        except TransportError as error:
            report.add("manager", FAILED, str(error))
        finally:
            if tunnel is not None:
                tunnel.close()

    @contextmanager
    def _shared_file(self, host: SshHost) -> Iterator[Path | None]:
        """Write a file that the host must see; None if it shares no files."""
        if host.shared_directory is None:
            yield None
            return
        with tempfile.TemporaryDirectory(prefix=".conjoin_check_", dir=self.directory) as folder:
            path = Path(folder) / "token"
            path.write_text(self.token)
            Path(folder).chmod(0o777)  # the user may have another number on the host
            yield path

    def _ask(
        self,
        transport: paramiko.Transport,
        host: SshHost,
        report: HostReport,
        addresses: Sequence[TcpAddress],
        path: Path | None,
    ) -> Mapping[str, Any] | None:
        """Run the checks on the host; return what they report, or None if they cannot run."""
        arguments = {
            "locations": list(addresses),
            "token": self.token,
            "shared": None if path is None else str(path),
        }
        command = f"cd / && exec {quoted_path(host.python)} - {shlex.quote(json.dumps(arguments))}"
        begin = time.time()
        code, printed = _execute(transport, command, inspect.getsource(remote_check))
        end = time.time()
        try:
            values: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
        except (ValueError, IndexError):
            text = f"'{host.python}' exited with code {code}; it printed: {printed.strip()}"
            report.add("python", FAILED, text)
            return None
        # the host has read its clock between these two times
        offset = max(values["time"] - end, min(0.0, values["time"] - begin))
        return {**values, "offset": offset}


def _judge(
    values: Mapping[str, Any], host: SshHost, report: HostReport, path: Path | None, token: str
) -> None:
    """Add the results of the checks that have run on a host."""
    report.add("python", str(values["python"]))
    version = str(values["version"])
    if version == VERSION:
        report.add("conjoin", version)
    elif version.startswith("none"):
        report.add("conjoin", FAILED, f"'{host.python}' has no Conjoin ({version[6:]})")
    else:
        text = f"it has Conjoin {version}, and this machine has {VERSION}: install the same version"
        report.add("conjoin", FAILED, text)
    offset = float(values["offset"])
    if abs(offset) > LARGEST_OFFSET:
        report.add("clock", f"{offset:+.0f} s", f"its clock differs by {offset:+.0f} seconds")
    else:
        report.add("clock", OK)
    _judge_directory(values["file"], report, path, token)
    reason = values["manager"]
    if reason:
        hint = "" if host.tunnel else ". If a firewall is the reason, set 'tunnel = true'"
        report.add("manager", FAILED, f"it cannot reach the manager: {reason}{hint}")
    else:
        report.add("manager", "by tunnel" if host.tunnel else OK)


def _judge_directory(reason: str | None, report: HostReport, path: Path | None, token: str) -> None:
    if path is None or reason is None:
        report.add("directory", "not shared")
        return
    answer = Path(f"{path}.answer")
    if reason:
        problem = reason
    elif not answer.exists() or answer.read_text() != token:
        problem = "a file that was written there does not appear here"
    else:
        report.add("directory", "shared")
        return
    report.add(
        "directory",
        FAILED,
        f"it does not share {path.parent.parent}: {problem}. Run in a directory that all hosts"
        " share, or set 'shared_directory'",
    )


def _execute(transport: paramiko.Transport, command: str, source: str) -> tuple[int, str]:
    """Run a command with some input; return its exit code and output."""
    channel = transport.open_session(timeout=START_TIME)
    channel.settimeout(START_TIME)
    channel.set_combine_stderr(True)
    channel.exec_command(command)
    with suppress(*ERRORS):  # if the command cannot run, its output explains why
        channel.sendall(source.encode())
        channel.shutdown_write()
    output = bytearray()
    while data := channel.recv(CHUNK):
        output += data
    return channel.recv_exit_status(), output.decode(errors="replace")


@contextmanager
def _answering(token: str) -> Iterator[Sequence[TcpAddress]]:
    """Listen on all addresses of this machine, and send the token to each client."""
    with socket.create_server(("", 0), backlog=256) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            with suppress(OSError):
                while True:
                    sock, _ = server.accept()
                    with sock, suppress(OSError):
                        sock.sendall(token.encode())

        thread = threading.Thread(target=answer, name="conjoin-ssh-answers", daemon=True)
        thread.start()
        try:
            yield [TcpAddress(host, port) for host in network.own_hosts() if ":" not in host]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
