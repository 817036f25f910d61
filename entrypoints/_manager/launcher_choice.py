"""Chooses the launcher of a run's agents, and so the nodes on which its programs run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

from adapters.local_agents.launcher import LocalAgentLauncher
from application.interfaces.agents import AgentLauncher
from domain.errors import ConfigurationError
from entrypoints.options import Adapters, ManagerOptions


def choose_launcher(
    options: ManagerOptions, adapters: Adapters, *, environment: Mapping[str, str] = os.environ
) -> AgentLauncher:
    """Return the launcher of a run's agents.

    The launcher of an embedding program takes precedence. Otherwise hosts that the user named are
    reached over SSH. Otherwise the nodes are those of the batch job that this process runs in. If
    there is none, everything runs on this machine.

    Args:
        options: Options of the manager.
        adapters: Adapters passed by the embedding program.
        environment: The environment variables of this process.

    Raises:
        ConfigurationError: If the description of the hosts or of the allocation is invalid.
    """
    if adapters.launcher is not None:
        return adapters.launcher
    if options.hosts:
        return _ssh_launcher(options)
    return _allocation_launcher(environment) or LocalAgentLauncher()


@contextlib.contextmanager
def importing_ssh() -> Iterator[None]:
    """Convert the error about a missing library, which few users need.

    Raises:
        ConfigurationError: If a library is missing.
    """
    try:
        yield
    except ImportError as error:
        if error.name not in ("paramiko", "tomli"):
            raise
        msg = f"To use hosts over SSH, install {error.name}: pip install 'conjoin[ssh]'"
        raise ConfigurationError(msg) from error


def _ssh_launcher(options: ManagerOptions) -> AgentLauncher:
    """Return the launcher for the hosts that the user named."""
    with importing_ssh():
        from adapters.ssh.hosts_file import read_hosts
        from adapters.ssh.launcher import SshAgentLauncher
    return SshAgentLauncher(
        read_hosts(options.hosts), accept_new_host_keys=options.accept_new_host_keys
    )


def _allocation_launcher(environment: Mapping[str, str]) -> AgentLauncher | None:
    """Return the launcher for the batch job that this process runs in; None outside of one."""
    del environment  # batch systems are not recognised yet
    return None
