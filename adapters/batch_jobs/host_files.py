"""The nodes of jobs of PBS, LSF and Grid Engine, which describe them by lists of host names.

These systems list a host once for each MPI process that the user requested, which need not be the
number of cores. So the number of cores is left to the agents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from domain.errors import ConfigurationError
from domain.placement.batch_jobs import BatchJob, BatchSystem, JobNode

Environment: TypeAlias = Mapping[str, str]


def find_pbs_job(environment: Environment) -> BatchJob | None:
    """Return the nodes of the PBS or Torque job that this process runs in; None outside of one.

    Raises:
        ConfigurationError: If the list of nodes cannot be read, or is empty.
    """
    if not environment.get("PBS_JOBID") or not environment.get("PBS_NODEFILE"):
        return None
    hosts = _read("PBS_NODEFILE", environment, _first_words)
    return _batch_job(BatchSystem.PBS, environment["PBS_JOBID"], hosts, source="PBS_NODEFILE")


def find_lsf_job(environment: Environment) -> BatchJob | None:
    """Return the nodes of the LSF job that this process runs in; None outside of one.

    Raises:
        ConfigurationError: If the list of nodes cannot be read, or is empty.
    """
    job = environment.get("LSB_JOBID")
    if not job:
        return None
    if environment.get("LSB_DJOB_HOSTFILE"):
        source = "LSB_DJOB_HOSTFILE"
        hosts = _read(source, environment, _first_words)
    elif environment.get("LSB_MCPU_HOSTS"):
        source = "LSB_MCPU_HOSTS"  # hosts and numbers in turn
        hosts = environment[source].split()[::2]
    elif environment.get("LSB_HOSTS"):
        source = "LSB_HOSTS"
        hosts = environment[source].split()
    else:
        return None
    return _batch_job(BatchSystem.LSF, job, hosts, source=source)


def find_grid_engine_job(environment: Environment) -> BatchJob | None:
    """Return the nodes of the Grid Engine job that this process runs in; None outside of one.

    Only a job with a parallel environment has such a list.

    Raises:
        ConfigurationError: If the list of nodes cannot be read, or is empty.
    """
    if not environment.get("JOB_ID") or not environment.get("PE_HOSTFILE"):
        return None
    hosts = _read("PE_HOSTFILE", environment, _first_words)
    return _batch_job(BatchSystem.GRID_ENGINE, environment["JOB_ID"], hosts, source="PE_HOSTFILE")


def _first_words(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def _read(variable: str, environment: Environment, parse: Callable[[str], list[str]]) -> list[str]:
    path = environment[variable]
    try:
        return parse(Path(path).read_text(errors="surrogateescape"))
    except OSError as error:
        msg = (
            f"The list of this job's nodes, '{path}' ({variable}), cannot be read:"
            f" {error.strerror or error}. Run Conjoin on the first node of the job."
        )
        raise ConfigurationError(msg) from error


def _batch_job(system: BatchSystem, job: str, hosts: Iterable[str], *, source: str) -> BatchJob:
    names = dict.fromkeys(hosts)
    if not names:
        msg = f"The list of this {system.value} job's nodes ({source}) is empty."
        raise ConfigurationError(msg)
    return BatchJob(system, job, tuple(map(JobNode, names)))
