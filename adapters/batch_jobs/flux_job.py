"""The nodes of a Flux instance, which `flux batch` and `flux alloc` create for a job."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Final

from adapters.batch_jobs.node_lists import expand_names
from domain.errors import TransportError
from domain.placement.batch_jobs import BatchJob, BatchSystem, JobNode

INSTANCE: Final = "FLUX_URI"
COMMAND: Final = ("flux", "getattr", "hostlist")
PATIENCE: Final = 30.0
"""Seconds for Flux to answer."""


def find_flux_job(environment: Mapping[str, str]) -> BatchJob | None:
    """Return the nodes of the Flux instance that this process runs in; None outside of one.

    Args:
        environment: The environment variables of this process.

    Raises:
        ConfigurationError: If the list of nodes is invalid.
        TransportError: If Flux does not answer; the message has the command and its output.
    """
    instance = environment.get(INSTANCE)
    if not instance:
        return None
    names = expand_names(_query(environment))
    nodes = tuple(map(JobNode, dict.fromkeys(names)))
    return BatchJob(BatchSystem.FLUX, instance, nodes)


def _query(environment: Mapping[str, str]) -> str:
    command = " ".join(COMMAND)
    try:
        done = subprocess.run(
            COMMAND,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        msg = f"Could not determine the nodes of this Flux instance: '{command}' failed: {error}."
        raise TransportError(msg) from error
    if done.returncode != 0:
        printed = done.stderr.strip() or "nothing"
        msg = (
            f"Could not determine the nodes of this Flux instance: '{command}' exited with code"
            f" {done.returncode}; it printed: {printed}"
        )
        raise TransportError(msg)
    return done.stdout.strip()
