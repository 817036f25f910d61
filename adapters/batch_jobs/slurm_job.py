"""The nodes of a Slurm job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.batch_jobs.node_lists import expand_counts, expand_names
from domain.errors import ConfigurationError
from domain.placement.batch_jobs import BatchJob, BatchSystem, JobNode

JOB: Final = "SLURM_JOB_ID"
NODES: Final = ("SLURM_JOB_NODELIST", "SLURM_NODELIST")
CPUS: Final = "SLURM_JOB_CPUS_PER_NODE"


def find_slurm_job(environment: Mapping[str, str]) -> BatchJob | None:
    """Return the nodes of the Slurm job that this process runs in; None outside of one.

    Args:
        environment: The environment variables of this process.

    Raises:
        ConfigurationError: If the description of the nodes is invalid.
    """
    job = environment.get(JOB)
    variable = next((name for name in NODES if environment.get(name)), None)
    if not job or variable is None:
        return None
    names = _expanded(variable, environment)
    nodes = tuple(map(JobNode, names, _cpus(environment, count=len(names))))
    return BatchJob(BatchSystem.SLURM, job, nodes)


def _expanded(variable: str, environment: Mapping[str, str]) -> list[str]:
    try:
        return list(dict.fromkeys(expand_names(environment[variable])))
    except ConfigurationError as error:
        msg = f"The environment variable {variable} of this Slurm job is invalid: {error}."
        raise ConfigurationError(msg) from None


def _cpus(environment: Mapping[str, str], *, count: int) -> list[int | None]:
    text = environment.get(CPUS)
    if not text:
        return [None] * count
    try:
        cpus = expand_counts(text)
    except ConfigurationError as error:
        msg = f"The environment variable {CPUS} of this Slurm job is invalid: {error}."
        raise ConfigurationError(msg) from None
    if len(cpus) != count:
        msg = (
            f"The environment variable {CPUS} of this Slurm job describes {len(cpus)} nodes"
            f" ('{text}'), but the job has {count}."
        )
        raise ConfigurationError(msg)
    return [*cpus]
