"""The nodes of a Slurm job."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from adapters.batch_jobs.node_lists import expand_counts, expand_names
from domain.errors import ConfigurationError
from domain.placement.batch_jobs import BatchJob, BatchSystem, JobNode
from domain.wording import counted

JOB: Final = "SLURM_JOB_ID"
NODES: Final = ("SLURM_JOB_NODELIST", "SLURM_NODELIST")
CPUS: Final = "SLURM_JOB_CPUS_PER_NODE"

MOST_NAMES: Final = 5
"""Maximum number of unused nodes to list in a warning."""


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
    return BatchJob(BatchSystem.SLURM, job, nodes, _warning(environment, names))


def _warning(environment: Mapping[str, str], used: Sequence[str]) -> str:
    """Return a warning if the job is heterogeneous and has further nodes; else an empty string.

    A step of srun on all components would need an option for each of them.
    """
    unused: list[str] = []
    variables = (f"{NODES[0]}_HET_GROUP_{number}" for number in itertools.count())
    for variable in itertools.takewhile(environment.get, variables):
        unused += [name for name in _expanded(variable, environment) if name not in used]
    if not unused:
        return ""
    listed = ", ".join(unused[:MOST_NAMES]) + (", …" if len(unused) > MOST_NAMES else "")
    return (
        f"This Slurm job is heterogeneous. Only the {counted(len(used), 'node')} of its first"
        f" component will be used, and not the {counted(len(unused), 'node')} of the others"
        f" ({listed}). To use all of them, request the nodes as one component."
    )


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
