"""Detects the batch job that this process runs in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from adapters.batch_jobs.flux_job import find_flux_job
from adapters.batch_jobs.host_files import (
    find_grid_engine_job,
    find_lsf_job,
    find_pbs_job,
)
from adapters.batch_jobs.slurm_job import find_slurm_job
from domain.placement.batch_jobs import BatchJob

# Flux can run inside a job of another system, and Slurm's variables are the next most specific.
# The variables of Grid Engine have the most general names.
_DETECTORS: Final[tuple[Callable[[Mapping[str, str]], BatchJob | None], ...]] = (
    find_flux_job,
    find_slurm_job,
    find_pbs_job,
    find_lsf_job,
    find_grid_engine_job,
)


def detect_batch_job(environment: Mapping[str, str] = os.environ) -> BatchJob | None:
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
    return next((job for job in found if job is not None), None)
