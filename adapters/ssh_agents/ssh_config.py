"""Looks hosts up in the user's SSH configuration, `~/.ssh/config`."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import paramiko

from adapters.ssh_agents.hosts import SshHost, parse_host
from domain.errors import ConfigurationError

DEFAULT_PORT: Final = 22
MAX_JUMPS: Final = 8


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An SSH server, and how to log in there.

    Attributes:
        host: Host name or address to connect to.
        port: Port to connect to.
        user: User to log in as.
        key_files: Private keys to try, in order.
        only_these_keys: Whether other keys, such as those in the SSH agent, are not tried.
        known_as: Name of the host in the files of known hosts.
        known_hosts: Files of known hosts; the first is the user's.
    """

    host: str
    port: int
    user: str
    key_files: tuple[str, ...]
    only_these_keys: bool
    known_as: str
    known_hosts: tuple[Path, ...]

    def __str__(self) -> str:
        """Describe it as in a command of OpenSSH."""
        port = "" if self.port == DEFAULT_PORT else f":{self.port}"
        return f"{self.user}@{self.host}{port}"


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach a host.

    Attributes:
        jumps: Endpoints to connect through, in order.
        target: The host itself.
    """

    jumps: tuple[Endpoint, ...]
    target: Endpoint


class SshConfiguration:
    """The user's SSH configuration.

    Args:
        path: The configuration file, which need not exist.

    Raises:
        ConfigurationError: If it cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path("~/.ssh/config").expanduser()
        self._config = _read(self._path)

    def route_to(self, host: SshHost) -> Route:
        """Return how to reach a host; its own values take precedence over the configuration.

        Raises:
            ConfigurationError: If the configuration asks for what is not supported.
        """
        found = self._lookup(host.host)
        jump = host.jump_host or str(found.get("proxyjump", "none"))
        if found.get("proxycommand") and not host.jump_host and jump.lower() == "none":
            msg = (
                f"{self._path} has a ProxyCommand for the host '{host.name}', which is not"
                " supported: use ProxyJump, or set 'jump_host' in a hosts file."
            )
            raise ConfigurationError(msg)
        return Route(self._jumps(jump, depth=0), self._endpoint(host, found))

    def _jumps(self, text: str, *, depth: int) -> tuple[Endpoint, ...]:
        if text.lower() == "none":
            return ()
        if depth > MAX_JUMPS:
            msg = f"The jump hosts in {self._path} refer to each other in a circle: {text}."
            raise ConfigurationError(msg)
        jumps: list[Endpoint] = []
        for number, item in enumerate(text.split(",")):
            host = parse_host(item)
            found = self._lookup(host.host)
            if number == 0:  # only the first jump may need others to be reached
                jumps += self._jumps(str(found.get("proxyjump", "none")), depth=depth + 1)
            jumps.append(self._endpoint(host, found))
        return tuple(jumps)

    def _endpoint(self, host: SshHost, found: Mapping[str, Any]) -> Endpoint:
        if host.key_file is not None and not host.key_file.is_file():
            msg = f"The key file {host.key_file} of the host '{host.name}' does not exist."
            raise ConfigurationError(msg)
        own = () if host.key_file is None else (str(host.key_file),)
        configured = tuple(name for name in found.get("identityfile", ()) if Path(name).is_file())
        name = str(found.get("hostname", host.host))
        return Endpoint(
            host=name,
            port=host.port or int(found.get("port", DEFAULT_PORT)),
            user=host.user or str(found.get("user") or getpass.getuser()),
            key_files=own or configured,
            only_these_keys=str(found.get("identitiesonly", "no")).lower() == "yes",
            known_as=str(found.get("hostkeyalias", name)),
            known_hosts=_known_hosts(found),
        )

    def _lookup(self, name: str) -> Mapping[str, Any]:
        try:
            found = self._config.lookup(name)
            int(found.get("port", DEFAULT_PORT))
        except Exception as error:  # paramiko raises many kinds
            msg = f"{self._path} cannot be used for the host '{name}': {error}"
            raise ConfigurationError(msg) from error
        return found


def _known_hosts(found: Mapping[str, Any]) -> tuple[Path, ...]:
    users = str(found.get("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2"))
    everyones = str(found.get("globalknownhostsfile", "/etc/ssh/ssh_known_hosts"))
    names = [name for name in f"{users} {everyones}".split() if name.lower() != "none"]
    return tuple(Path(name).expanduser() for name in names)


def _read(path: Path) -> paramiko.SSHConfig:
    try:
        return paramiko.SSHConfig.from_path(str(path))
    except FileNotFoundError:
        return paramiko.SSHConfig()
    except (OSError, UnicodeDecodeError, paramiko.SSHException) as error:
        msg = f"The SSH configuration {path} cannot be read: {error}"
        raise ConfigurationError(msg) from error
