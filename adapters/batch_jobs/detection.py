"""Detects the batch job that this process runs in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from adapters.batch_jobs.flux_job import flux_allocation
from adapters.batch_jobs.host_files import (
    grid_engine_allocation,
    lsf_allocation,
    pbs_allocation,
)
from adapters.batch_jobs.slurm_job import slurm_allocation
from domain.placement.allocation import Allocation

# Flux can run inside a job of another system, and Slurm's variables are the next most specific.
# The variables of Grid Engine have the most general names.
_DETECTORS: Final[tuple[Callable[[Mapping[str, str]], Allocation | None], ...]] = (
    flux_allocation,
    slurm_allocation,
    pbs_allocation,
    lsf_allocation,
    grid_engine_allocation,
)


def detect_allocation(environment: Mapping[str, str] = os.environ) -> Allocation | None:
    """Return the nodes of the batch job that this process runs in.

    Args:
        environment: The environment variables of this process.

    Returns:
        The nodes; None outside of a batch job.

    Raises:
        ConfigurationError: If the description of the nodes cannot be read, or is invalid.
        TransportError: If the batch system does not answer.
    """
    found = (detect(environment) for detect in _DETECTORS)
    return next((allocation for allocation in found if allocation is not None), None)
