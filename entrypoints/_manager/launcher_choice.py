"""Chooses the launcher of a run's agents, and so the nodes on which its programs run."""

from __future__ import annotations

import os
from collections.abc import Mapping

from adapters.batch_agents.launcher import BatchAgentLauncher
from adapters.batch_agents.srun import Srun
from adapters.batch_jobs.detection import detect_batch_job
from adapters.batch_jobs.node_lists import expand_names
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


def _ssh_launcher(options: ManagerOptions) -> AgentLauncher:
    """Return the launcher for the hosts that the user named."""
    try:
        from adapters.ssh_agents.hosts_file import read_hosts
        from adapters.ssh_agents.launcher import SshAgentLauncher
    except ImportError as error:
        if error.name not in ("paramiko", "tomli"):
            raise
        msg = "To run on hosts over SSH, install paramiko: pip install 'conjoin[ssh]'"
        raise ConfigurationError(msg) from error
    return SshAgentLauncher(
        read_hosts(options.hosts), accept_new_host_keys=options.accept_new_host_keys
    )


def _allocation_launcher(environment: Mapping[str, str]) -> AgentLauncher | None:
    """Return the launcher for the batch job that this process runs in; None outside of one."""
    allocation = detect_batch_job(environment)
    if allocation is None:
        return None
    starter = Srun(expand_names)
    return BatchAgentLauncher(allocation.nodes, starter=starter, environment=environment)
