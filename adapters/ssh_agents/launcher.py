"""Launches agents on other machines over SSH."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final, final

import paramiko
from typing_extensions import override

from adapters.ssh_agents.connections import SshConnections
from adapters.ssh_agents.hosts import SshHost
from adapters.ssh_agents.remote_agent import RemoteAgent
from adapters.ssh_agents.ssh_config import Route, SshConfiguration
from adapters.ssh_agents.tunnel import ReverseTunnel
from adapters.wire.locations import TCP, TcpAddress, addresses_in, format_location, is_loopback_host
from application.interfaces.agents import AgentLauncher
from domain.errors import ConfigurationError, TransportError
from domain.running.agents import AgentOrders
from domain.running.launcher_capabilities import LauncherCapabilities

END_MARGIN: Final = 20.0
"""Seconds that an agent gets to end, on top of the time that it gives its programs."""

SILENT_TIME: Final = 1.0
"""Seconds that an agent gets instead if its node is lost."""

MAX_PARALLEL: Final = 64
"""Number of hosts to connect to at the same time."""


@final
class SshAgentLauncher(AgentLauncher):
    """Connects to hosts in parallel, and starts an agent on each.

    Args:
        hosts: The hosts.
        accept_new_host_keys: Whether to accept the host key of a host that has no known key.
        ssh_config: The user's SSH configuration; `~/.ssh/config` by default.
    """

    def __init__(
        self,
        hosts: Sequence[SshHost],
        *,
        accept_new_host_keys: bool = False,
        ssh_config: Path | None = None,
    ) -> None:
        self._hosts = tuple(hosts)
        self._accepts_new = accept_new_host_keys
        self._ssh_config = ssh_config
        self._connections: SshConnections | None = None
        self._agents: list[RemoteAgent] = []
        self._tunnels: list[ReverseTunnel] = []
        self._locations: dict[str, str] = {}
        self._given_up: set[str] = set()
        self._end_time = END_MARGIN

    @property
    @override
    def capabilities(self) -> LauncherCapabilities:
        return LauncherCapabilities(
            shares_files=all(host.shared_directory for host in self._hosts),
            uses_loopback=all(host.tunnel for host in self._hosts),
            manager_locations=dict(self._locations),
        )

    @override
    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        # an agent that is hung, and what it leaves then, have their grace time one after the other
        self._end_time = 2 * orders.grace_time + END_MARGIN
        _check_directories(self._hosts, orders.log_directory)
        configuration = SshConfiguration(self._ssh_config)
        routes = [configuration.route_to(host) for host in self._hosts]
        connections = self._connections = SshConnections(
            accept_new_host_keys=self._accepts_new, patience=orders.timeout
        )

        def start(host: SshHost, route: Route) -> str | None:
            """Start the agent on a host; return why that failed, or None."""
            try:
                client = connections.open(route)
                self._start_agent(host, client, orders, on_lost)
            except TransportError as error:
                return f"Host '{host.name}' ({route.target}): {error}"
            return None

        with ThreadPoolExecutor(
            min(len(routes), MAX_PARALLEL), thread_name_prefix="conjoin-ssh-launch"
        ) as pool:
            failures = [text for text in pool.map(start, self._hosts, routes) if text is not None]
        if failures:
            self.close()
            raise TransportError("\n".join(failures))
        return [host.name for host in self._hosts]

    @override
    def give_up(self, node: str) -> None:
        self._given_up.add(node)

    @override
    def close(self) -> None:
        agents, self._agents = self._agents, []
        for agent in agents:
            agent.ask_to_end()
        deadline = time.monotonic() + self._end_time
        for agent in sorted(agents, key=lambda agent: agent.node in self._given_up):
            is_given_up = agent.node in self._given_up
            timeout = SILENT_TIME if is_given_up else deadline - time.monotonic()
            agent.close(timeout=max(0.0, timeout))
        tunnels, self._tunnels = self._tunnels, []
        for tunnel in tunnels:
            tunnel.close()
        connections, self._connections = self._connections, None
        if connections is not None:
            connections.close()

    def _start_agent(
        self,
        host: SshHost,
        client: paramiko.SSHClient,
        orders: AgentOrders,
        on_lost: Callable[[str, str], None],
    ) -> None:
        location = self._location_for(host, client, orders.manager_locations)
        agent = RemoteAgent(host, client, on_lost=on_lost)
        self._agents.append(agent)
        agent.start(
            replace(
                orders,
                manager_locations=(location,),
                log_directory=orders.log_directory if host.shared_directory else None,
                node=host.name,
                manager_process=None,
                environment=host.environment,
                cores=host.cores,
                confirms=True,
            )
        )
        self._locations[host.name] = location

    def _location_for(
        self, host: SshHost, client: paramiko.SSHClient, locations: Sequence[str]
    ) -> str:
        """Return the location at which programs on a host reach the manager."""
        addresses = [item for item in addresses_in(locations, TCP) if isinstance(item, TcpAddress)]
        if not host.tunnel:
            return format_location(TCP, sorted_addresses(client, addresses))
        transport = client.get_transport()
        assert transport is not None
        tunnel = ReverseTunnel(transport, addresses)
        self._tunnels.append(tunnel)
        return tunnel.open()


def _check_directories(hosts: Sequence[SshHost], directory: Path | None) -> None:
    """Check that the run directory is in the directories that hosts share.

    Raises:
        ConfigurationError: If it is not.
    """
    if directory is None:
        return
    for host in hosts:
        shared = host.shared_directory
        if shared is not None and not directory.absolute().is_relative_to(shared):
            msg = (
                f"The run directory must be in {shared}, which is the 'shared_directory' of the"
                f" host '{host.name}' in the hosts file, but {directory} is not. Choose a run"
                " directory there, with --run-dir."
            )
            raise ConfigurationError(msg)


def sorted_addresses(
    client: paramiko.SSHClient, addresses: Sequence[TcpAddress]
) -> Sequence[TcpAddress]:
    """Return the addresses at which a host may reach the manager, the most likely one first.

    That is the one from which this machine reaches the host. Loopback addresses would lead to the
    host itself.
    """
    distant = [item for item in addresses if not is_loopback_host(item.host)] or addresses
    own = _own_address(client)
    return sorted(distant, key=lambda item: item.host != own)


def _own_address(client: paramiko.SSHClient) -> str:
    """Return this machine's address in a connection; empty if it leads through a jump host."""
    transport = client.get_transport()
    sock = None if transport is None else transport.sock
    return str(sock.getsockname()[0]) if isinstance(sock, socket.socket) else ""
