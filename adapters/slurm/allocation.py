"""What Slurm says about the job that this process is in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import Final

from domain.errors import TransportError

JOB_ID: Final = "SLURM_JOB_ID"
PATIENCE: Final = 30.0
"""Seconds for squeue to answer. It takes 18 to find out that it cannot reach the controller."""

NO_END: Final = ("NONE", "N/A")


def end_of_allocation(
    environment: Mapping[str, str] = os.environ, *, patience: float = PATIENCE
) -> float | None:
    """Return when Slurm will end the job that this process is in.

    Args:
        environment: The environment variables of this process.
        patience: Seconds to wait for squeue.

    Returns:
        Seconds since the epoch; None outside Slurm, or if the job may go on for ever. A job without
        a limit, in a partition without one, gets a year when the backfill scheduler starts it.

    Raises:
        TransportError: If squeue did not tell; the text says how it was called and what it said.
    """
    job = environment.get(JOB_ID)
    if not job:
        return None
    command = ["squeue", "-h", "-j", job, "-o", "%A %e"]
    printed = _run(command, environment, patience)
    try:
        # of a job array, squeue lists all tasks to the one whose number is also that of the array
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
        raise _unknown(command, f"it gave no answer within {patience:g} seconds") from None
    except OSError as error:
        raise _unknown(command, str(error)) from error
    if done.returncode != 0:
        said = done.stderr.strip() or "nothing"
        raise _unknown(command, f"it ended with exit code {done.returncode}, and said: {said}")
    return done.stdout


def _for_squeue(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the user's choice of which jobs to see and how.

    Time in seconds since the epoch leaves no doubt where the clocks go back.
    """
    kept = {name: text for name, text in environment.items() if not name.startswith("SQUEUE_")}
    return {**kept, "SLURM_TIME_FORMAT": "%s"}


def _unknown(command: list[str], reason: str) -> TransportError:
    return TransportError(
        f"When this Slurm job will end is not known: '{' '.join(command)}' did not tell: {reason}."
    )
