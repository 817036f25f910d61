"""Reads which hosts the user named: a list, or a file in TOML."""

from __future__ import annotations

from adapters.ssh.hosts import SshHost, parse_host_list


def read_hosts(text: str) -> tuple[SshHost, ...]:
    """Return the hosts that the user named.

    Args:
        text: The path of a hosts file, or a list such as `a,b,user@c:2222`.

    Raises:
        ConfigurationError: If the file or the list is invalid.
    """
    return parse_host_list(text)
