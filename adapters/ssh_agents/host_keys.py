"""Checks the keys of SSH servers against the files of known hosts."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from pathlib import Path
from typing import Final, NoReturn, final

import paramiko
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey
from typing_extensions import override

from adapters.ssh_agents.ssh_config import DEFAULT_PORT, Endpoint
from domain.errors import TransportError

MARKER: Final = "@"
REVOKED: Final = "@revoked"
_WRITING: Final = threading.Lock()


@final
class HostKeyPolicy(paramiko.MissingHostKeyPolicy):
    """Refuses an unknown host key, or adds it to the user's file of known hosts.

    Args:
        endpoint: The server.
        accept_new: Whether to accept a key if the host has no known key.
    """

    def __init__(self, endpoint: Endpoint, *, accept_new: bool) -> None:
        self._endpoint = endpoint
        self._accept_new = accept_new

    @override
    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        check_not_revoked(key, self._endpoint)
        if not self._accept_new:
            _refuse_unknown(self._endpoint, key)
        path = self._endpoint.known_hosts[0] if self._endpoint.known_hosts else None
        if path is not None:
            _remember(path, f"{hostname} {key.get_name()} {key.get_base64()}\n")


def load_known_hosts(client: paramiko.SSHClient, endpoint: Endpoint) -> None:
    """Make a client check the host key of a server against the files of known hosts."""
    # paramiko fails on a whole file if it cannot decode a line, so it gets a file without these
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        for path in endpoint.known_hosts:
            file.writelines(f"{line}\n" for line in _lines_of(path) if _is_usable(line))
        file.flush()
        client.load_system_host_keys(file.name)


def _lines_of(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return []


def _is_usable(line: str) -> bool:
    """Whether paramiko can decode a line in a file of known hosts."""
    if not line or line.startswith(("#", MARKER)):
        return False
    try:
        return HostKeyEntry.from_line(line) is not None
    except (InvalidHostKey, paramiko.SSHException, ValueError):
        return False


def check_not_revoked(key: paramiko.PKey, endpoint: Endpoint) -> None:
    """Check that no file of known hosts revokes a key.

    Raises:
        TransportError: If one does.
    """
    for path in endpoint.known_hosts:
        revoked = [line for line in _lines_of(path) if line.startswith(REVOKED)]
        if any(key.get_base64() in line.split() for line in revoked):
            msg = (
                f"the host key of {endpoint.host} has been revoked: {describe(key)} (in {path})."
                " Ask the administrator of the host for its new key"
            )
            raise TransportError(msg)


def changed_key_error(endpoint: Endpoint, error: paramiko.BadHostKeyException) -> TransportError:
    """Return the error for a server whose key differs from the known one."""
    name = known_name(endpoint)
    return TransportError(
        f"the host key of {endpoint.host} has changed. It is {describe(error.key)}, but the file"
        f" of known hosts has {describe(error.expected_key)}. Either the host was installed again,"
        " or someone intercepts the connection: ask its administrator for the fingerprint. If the"
        f" new one is right, remove the old one with: ssh-keygen -R '{name}'"
    )


def known_name(endpoint: Endpoint) -> str:
    """Return the name of a server in a file of known hosts."""
    if endpoint.port == DEFAULT_PORT:
        return endpoint.known_as
    return f"[{endpoint.known_as}]:{endpoint.port}"


def describe(key: paramiko.PKey) -> str:
    """Describe a host key as OpenSSH does."""
    return f"{key.algorithm_name} key {key.fingerprint}"


def _refuse_unknown(endpoint: Endpoint, key: paramiko.PKey) -> NoReturn:
    port = "" if endpoint.port == DEFAULT_PORT else f"-p {endpoint.port} "
    msg = (
        f"the host key of {endpoint.host} is unknown: {describe(key)}. Compare the fingerprint with"
        f" that of the host, and accept it with: ssh {port}{endpoint.user}@{endpoint.host}. To"
        " accept the keys of all new hosts, use --accept-new-host-keys"
    )
    raise TransportError(msg)


def _remember(path: Path, line: str) -> None:
    with _WRITING, contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
