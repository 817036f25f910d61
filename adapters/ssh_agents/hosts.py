"""The hosts on which agents are started over SSH."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from domain.errors import ConfigurationError

_HOST: Final = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<name>[^@:\s\[\]]+))"
    r"(?::(?P<port>\d+))?"
)
MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class SshHost:
    """A host, and how to start an agent there.

    What is None is taken from the user's SSH configuration, or is OpenSSH's default.

    Attributes:
        name: Name of the node.
        host: Host name, address, or name in the user's SSH configuration.
        port: Port of the SSH server.
        user: User to log in as.
        key_file: Private key to log in with.
        jump_host: Host to connect through, as `[user@]host[:port]`; several are separated by
            commas; `none` for a direct connection.
        python: Interpreter that has Conjoin.
        environment: Variables for the environment of the programs.
        cores: Number of cores to use; None for those that the agent detects.
        tunnel: Whether programs reach the manager through the SSH connection.
        shared_directory: Directory that the host shares with the manager's machine, at the same
            path, and that contains the run directory; None if it shares none.
    """

    name: str
    host: str
    port: int | None = None
    user: str | None = None
    key_file: Path | None = None
    jump_host: str | None = None
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    cores: int | None = None
    tunnel: bool = False
    shared_directory: Path | None = Path("/")


def parse_host(text: str) -> SshHost:
    """Return the host that `[user@]host[:port]` describes.

    Raises:
        ConfigurationError: If the text has another form.
    """
    match = _HOST.fullmatch(text.strip())
    port = int(match["port"]) if match and match["port"] else None
    if match is None or (port is not None and not 0 < port <= MAX_PORT):
        msg = f"'{text.strip()}' is not a host: write HOST, USER@HOST or USER@HOST:PORT."
        raise ConfigurationError(msg)
    host = match["v6"] or match["name"]
    return SshHost(name=host, host=host, port=port, user=match["user"])


def parse_host_list(text: str) -> tuple[SshHost, ...]:
    """Return the hosts in a list such as `a,b,user@c:2222`.

    Raises:
        ConfigurationError: If a host is invalid, or occurs twice.
    """
    return with_unique_names([parse_host(item) for item in text.split(",") if item.strip()])


def with_unique_names(hosts: Sequence[SshHost]) -> tuple[SshHost, ...]:
    """Return the hosts, if there are any and their names differ.

    Two entries with the same host are two nodes, if they have different names.

    Raises:
        ConfigurationError: If there are no hosts, or two have the same name.
    """
    if not hosts:
        msg = "There are no hosts: name at least one."
        raise ConfigurationError(msg)
    names = [host.name for host in hosts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = (
            f"The host '{twice[0]}' is listed twice, but each runs one agent. Remove one entry, or"
            " give both different names with 'name' in a hosts file."
        )
        raise ConfigurationError(msg)
    return tuple(hosts)
