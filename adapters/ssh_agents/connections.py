"""Connects to SSH servers."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import threading
from concurrent.futures import Future
from typing import Final, final

import paramiko

from adapters.ssh_agents import host_keys
from adapters.ssh_agents.ssh_config import Endpoint, Route
from domain.errors import TransportError

CONNECT_TIME: Final = 15.0
"""Seconds for a server to accept a connection."""

LOGIN_TIME: Final = 30.0
"""Seconds for each step of a login. The server may look up the name of this machine first."""

BANNER: Final = "SSH protocol banner"
NO_KEYS: Final = "No authentication methods available"

# paramiko's errors are raised as well; without a handler, Python prints them to the terminal
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@final
class SshConnections:
    """Connects to hosts, and shares the connections to jump hosts. Thread-safe.

    Args:
        accept_new_host_keys: Whether to accept the host key of a host that has no known key.
        patience: Seconds without a sign of life after which a connection is considered lost.
    """

    def __init__(self, *, accept_new_host_keys: bool, patience: float) -> None:
        self._accepts_new = accept_new_host_keys
        self._patience = patience
        self._jumps: dict[tuple[Endpoint, ...], Future[paramiko.SSHClient]] = {}
        self._lock = threading.Lock()
        self._clients = contextlib.ExitStack()

    def open(self, route: Route) -> paramiko.SSHClient:
        """Connect to a host and log in.

        The connection is closed by `close`, or earlier by the caller.

        Raises:
            TransportError: If that fails; the message says why.
        """
        client = self._log_in(route.target, self._channel(route.jumps, route.target))
        with self._lock:
            self._clients.callback(client.close)
        return client

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._jumps.clear()
            clients, self._clients = self._clients, contextlib.ExitStack()
        clients.close()

    def _channel(self, jumps: tuple[Endpoint, ...], target: Endpoint) -> paramiko.Channel | None:
        """Return a connection to a server through jump hosts; None if there are none."""
        if not jumps:
            return None
        jump = self._open_jump(jumps)
        try:
            return _transport(jump).open_channel(
                "direct-tcpip", (target.host, target.port), ("", 0), timeout=CONNECT_TIME
            )
        except (paramiko.SSHException, OSError, EOFError) as error:
            msg = f"the jump host {jumps[-1]} cannot connect to {target.host}: {error}"
            raise TransportError(msg) from error

    def _open_jump(self, jumps: tuple[Endpoint, ...]) -> paramiko.SSHClient:
        """Return the shared connection to the last of some jump hosts."""
        with self._lock:
            shared = self._jumps.get(jumps)
            if shared is None:
                own: Future[paramiko.SSHClient] = Future()
                self._jumps[jumps] = own
        if shared is not None:
            return shared.result()
        try:
            own.set_result(self.open(Route(jumps[:-1], jumps[-1])))
        except TransportError as error:
            own.set_exception(TransportError(f"the jump host cannot be used: {error}"))
        return own.result()

    def _log_in(self, endpoint: Endpoint, channel: paramiko.Channel | None) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        host_keys.load_known_hosts(client, endpoint)
        client.set_missing_host_key_policy(
            host_keys.HostKeyPolicy(endpoint, accept_new=self._accepts_new)
        )
        sock = _connect(endpoint) if channel is None else channel
        try:
            client.connect(
                endpoint.known_as,
                endpoint.port,
                username=endpoint.user,
                # paramiko takes several, though its types only mention one
                key_filename=list(endpoint.key_files),  # type: ignore[arg-type]
                allow_agent=not endpoint.only_these_keys,
                look_for_keys=not endpoint.only_these_keys and not endpoint.key_files,
                timeout=CONNECT_TIME,
                banner_timeout=LOGIN_TIME,
                auth_timeout=LOGIN_TIME,
                sock=sock,
            )
            host_keys.check_not_revoked(_transport(client).get_remote_server_key(), endpoint)
            self._watch(client)
        except BaseException as error:
            client.close()
            sock.close()
            if isinstance(error, (paramiko.SSHException, OSError, EOFError)):
                raise _login_error(error, endpoint) from error
            raise
        return client

    def _watch(self, client: paramiko.SSHClient) -> None:
        """Make a connection fail if the other machine no longer answers."""
        transport = _transport(client)
        transport.set_keepalive(max(1, int(self._patience / 3)))
        sock = transport.sock
        if isinstance(sock, socket.socket) and hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = int(1000 * self._patience)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


def _transport(client: paramiko.SSHClient) -> paramiko.Transport:
    transport = client.get_transport()
    assert transport is not None  # it is connected
    return transport


def _connect(endpoint: Endpoint) -> socket.socket:
    """Connect to a server.

    Raises:
        TransportError: If it does not accept a connection.
    """
    place = f"port {endpoint.port} of {endpoint.host}"
    try:
        return socket.create_connection((endpoint.host, endpoint.port), timeout=CONNECT_TIME)
    except socket.gaierror as error:
        msg = f"the name {endpoint.host} cannot be resolved: {error.strerror}"
    except TimeoutError:
        msg = f"{place} did not answer within {CONNECT_TIME:g} seconds: is the host down?"
    except ConnectionRefusedError:
        msg = f"{place} refuses connections: does an SSH server run there?"
    except OSError as error:
        hint = ": is the host down?" if error.errno == errno.EHOSTUNREACH else ""
        msg = f"{place} cannot be reached: {error.strerror or error}{hint}"
    raise TransportError(msg)


def _login_error(error: Exception, endpoint: Endpoint) -> TransportError:
    if isinstance(error, paramiko.BadHostKeyException):
        return host_keys.changed_key_error(endpoint, error)
    if isinstance(error, paramiko.PasswordRequiredException):
        return TransportError(
            f"a private key for {endpoint} has a passphrase: add it to the SSH agent with"
            f" ssh-add {' '.join(endpoint.key_files)}".rstrip()
        )
    if isinstance(error, paramiko.AuthenticationException) or NO_KEYS in str(error):
        keys = ", ".join(endpoint.key_files) or "the user's keys in ~/.ssh"
        agent = "" if endpoint.only_these_keys else " and those in the SSH agent"
        return TransportError(
            f"{endpoint.host} refuses the login of the user {endpoint.user}; tried: {keys}{agent}."
            f" Install your key there with: ssh-copy-id {endpoint.user}@{endpoint.host}"
        )
    if BANNER in str(error):
        return TransportError(
            f"port {endpoint.port} of {endpoint.host} does not answer like an SSH server, or has"
            " too many logins at the moment"
        )
    return TransportError(f"the login as {endpoint} failed: {str(error) or type(error).__name__}")
