"""Warns about nodes of a batch job that a run on this machine does not use."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from adapters.batch_jobs.detection import detect_batch_job
from domain.errors import CouplingError
from domain.wording import counted


def idle_node_warnings(environment: Mapping[str, str] = os.environ) -> Sequence[str]:
    """Return a warning if this process runs in a batch job of several nodes.

    Args:
        environment: The environment variables of this process.
    """
    try:
        job = detect_batch_job(environment)
    except CouplingError:
        return ()  # they are unknown, which does not matter, because they are not needed
    others = 0 if job is None else len(job.nodes) - 1
    if job is None or others < 1:
        return ()
    nodes = counted(others, "other node")
    verb = "stays" if others == 1 else "stay"
    warning = (
        f"The programs run on this machine only: {nodes} of the {job.system.value} job"
        f" {job.job_id} {verb} idle. To use all nodes, run without '--launcher local', or with"
        " ManagerOptions(launcher='auto')."
    )
    return (warning,)
