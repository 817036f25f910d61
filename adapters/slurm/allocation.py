"""Queries Slurm about the job that this process runs in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import Final

from domain.errors import TransportError

JOB_ID: Final = "SLURM_JOB_ID"
PATIENCE: Final = 30.0
"""Seconds for squeue to answer. It needs 18 s to detect that the controller is unreachable."""

NO_END: Final = ("NONE", "N/A")


def end_of_allocation(
    environment: Mapping[str, str] = os.environ, *, patience: float = PATIENCE
) -> float | None:
    """Return when Slurm will end the job that this process runs in.

    Args:
        environment: The environment variables of this process.
        patience: Seconds to wait for squeue.

    Returns:
        Seconds since the epoch; None outside Slurm, or if the job has no time limit. If neither
        the job nor its partition has a limit, the backfill scheduler sets the end to one year.

    Raises:
        TransportError: If squeue fails; the message has its command line and its output.
    """
    job = environment.get(JOB_ID)
    if not job:
        return None
    command = ["squeue", "-h", "-j", job, "-o", "%A %e"]
    printed = _run(command, environment, patience)
    try:
        # a task can have the same number as its array; squeue then lists all tasks of the array
        ((end,),) = [
            ends for number, *ends in map(str.split, printed.splitlines()) if number == job
        ]
        return None if end in NO_END else float(int(end))
    except ValueError:
        raise _unknown(command, f"it printed {printed.strip()!r}") from None


def _run(command: list[str], environment: Mapping[str, str], patience: float) -> str:
    try:
        done = subprocess.run(
            command,
            env=_for_squeue(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        raise _unknown(command, f"no answer within {patience:g} seconds") from None
    except OSError as error:
        raise _unknown(command, str(error)) from error
    if done.returncode != 0:
        printed = done.stderr.strip() or "nothing"
        raise _unknown(command, f"exit code {done.returncode}; it printed: {printed}")
    return done.stdout


def _for_squeue(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the user's own squeue filters and formats.

    Times in seconds since the epoch are unambiguous when daylight saving time ends.
    """
    kept = {name: text for name, text in environment.items() if not name.startswith("SQUEUE_")}
    return {**kept, "SLURM_TIME_FORMAT": "%s"}


def _unknown(command: list[str], reason: str) -> TransportError:
    return TransportError(
        f"Could not determine when this Slurm job ends: '{' '.join(command)}' failed: {reason}."
    )
