"""Chooses the launcher of a run's agents, and so the nodes on which its programs run."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from typing import Final

from adapters.batch_agents.launcher import BatchAgentLauncher
from adapters.batch_agents.mpiexec import recognise_mpiexec
from adapters.batch_agents.srun import Srun
from adapters.batch_agents.starters import GroupStarter
from adapters.batch_jobs.detection import detect_batch_job
from adapters.batch_jobs.node_lists import expand_names
from adapters.local_agents.launcher import LocalAgentLauncher
from adapters.ssh_agents.hosts import SshHost
from application.interfaces.agents import AgentLauncher
from domain.errors import ConfigurationError
from domain.placement.batch_jobs import BatchJob, BatchSystem
from entrypoints.options import Adapters, ManagerOptions, check_launcher

MPI_STARTERS: Final = ("mpiexec", "mpirun")


def choose_launcher(
    options: ManagerOptions,
    adapters: Adapters,
    *,
    environment: Mapping[str, str] = os.environ,
    warnings: list[str] | None = None,
) -> AgentLauncher:
    """Return the launcher of a run's agents.

    The launcher of an embedding program takes precedence. Otherwise hosts that the user named are
    reached over SSH. Otherwise the nodes are those of the batch job that this process runs in. If
    there is none, everything runs on this machine.

    Args:
        options: Options of the manager.
        adapters: Adapters passed by the embedding program.
        environment: The environment variables of this process.
        warnings: Receives warnings about the batch job.

    Raises:
        ConfigurationError: If the description of the hosts or of the allocation is invalid.
    """
    if adapters.launcher is not None:
        return adapters.launcher
    if options.hosts:
        return _ssh_launcher(options)
    check_launcher(options)
    if options.launcher == "local":
        return LocalAgentLauncher()
    job = detect_batch_job(environment)
    if job is not None:
        if job.warning and warnings is not None:
            warnings.append(job.warning)
        return _job_launcher(job, options, environment)
    if options.launcher != "auto":
        msg = (
            f"--launcher {options.launcher} starts agents on the nodes of a batch job, but this is"
            " not one. Name the hosts with --hosts, or submit a job."
        )
        raise ConfigurationError(msg)
    return LocalAgentLauncher()


def _job_launcher(
    job: BatchJob, options: ManagerOptions, environment: Mapping[str, str]
) -> AgentLauncher:
    """Return the launcher for the nodes of a batch job."""
    path = environment.get("PATH")
    executable = next(filter(None, (shutil.which(name, path=path) for name in MPI_STARTERS)), None)
    match _kind_of_launcher(job, options, has_mpiexec=executable is not None):
        case "srun":
            starter: GroupStarter = Srun(expand_names)
        case "mpiexec":
            starter = recognise_mpiexec(executable or MPI_STARTERS[0], environment)
        case _:
            return _ssh_launcher(options, job)
    return BatchAgentLauncher(job.nodes, starter=starter, environment=environment)


def _kind_of_launcher(job: BatchJob, options: ManagerOptions, *, has_mpiexec: bool) -> str:
    if options.launcher != "auto":
        return options.launcher
    if job.system is BatchSystem.SLURM:
        return "srun"
    return "mpiexec" if has_mpiexec else "ssh"


def _ssh_launcher(options: ManagerOptions, job: BatchJob | None = None) -> AgentLauncher:
    """Return the launcher for the nodes of a job, or else for the hosts that the user named."""
    with importing_ssh():
        from adapters.ssh_agents.hosts_file import read_hosts
        from adapters.ssh_agents.launcher import SshAgentLauncher
    if job is None:
        hosts = read_hosts(options.hosts)
    else:
        hosts = tuple(SshHost(name=node, host=node) for node in job.node_names)
    return SshAgentLauncher(hosts, accept_new_host_keys=options.accept_new_host_keys)


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
