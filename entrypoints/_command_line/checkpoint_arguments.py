"""Command line arguments for checkpoints, and for resuming from them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from domain.errors import TransportError
from domain.model.checkpoint_rules import CheckpointRangeRule, Checkpoints
from entrypoints._command_line.argument_types import number, positive

if TYPE_CHECKING:
    from application.manager.snapshots.run_checkpoints import CheckpointOptions

GO_ON: Final = "go-on"
ABORT: Final = "abort"

SHUTDOWN_TIME: Final = 5.0
"""Seconds that the manager needs to shut down after all programs have ended."""


def add_checkpoint_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments to a parser."""
    group = parser.add_argument_group("checkpoints, see docs/checkpointing.md")
    group.add_argument(
        "--resume",
        metavar="WHAT",
        help="resume from a workflow snapshot (a .ymmsl file), from the newest sound one in a run"
        " directory, or, with 'latest', from the newest sound one of all runs of this model in the"
        " current directory or beside --run-dir",
    )
    group.add_argument(
        "--snapshot-store",
        metavar="URL",
        help="where to store instance snapshots: a directory, or a URL that fsspec supports, such"
        " as s3://bucket/prefix (default: the run directory)",
    )
    group.add_argument(
        "--checkpoint-every-wallclock",
        metavar="SECONDS",
        type=_interval,
        action="append",
        help="make snapshots at this interval, in addition to the rules in the files",
    )
    group.add_argument(
        "--checkpoint-every-simulation",
        metavar="T",
        type=_interval,
        action="append",
        help="make snapshots at all multiples of T in simulation time, in addition to the rules in"
        " the files",
    )
    group.add_argument(
        "--checkpoint-at-end", action="store_true", help="make a snapshot when an instance ends"
    )
    group.add_argument(
        "--checkpoint-on-term",
        metavar="SECONDS",
        type=positive,
        help="on SIGTERM, and before the end set by --stop-at or Slurm, give all instances up to"
        " this many seconds to save, then stop the run",
    )
    group.add_argument(
        "--stop-at",
        metavar="WHEN",
        type=_time,
        help="stop the run at this time: 2026-11-20T18:30, 18:30, or +3600 for seconds from now"
        " (default with --checkpoint-on-term: the end of the Slurm job, if there is one)",
    )
    group.add_argument(
        "--checkpoint-failure",
        choices=(GO_ON, ABORT),
        default=GO_ON,
        help="what to do if a snapshot cannot be stored (default: %(default)s)",
    )


def checkpoints_of(options: argparse.Namespace) -> Checkpoints:
    """Return the checkpoint rules of the command line."""
    return Checkpoints(
        options.checkpoint_at_end,
        tuple(options.checkpoint_every_wallclock or ()),
        tuple(options.checkpoint_every_simulation or ()),
    )


def checkpoint_options_of(
    options: argparse.Namespace, *, warn: Callable[[str], None]
) -> CheckpointOptions:
    """Return the other checkpoint options of the command line.

    Args:
        options: The parsed command line.
        warn: Called with a warning if the end of the Slurm job cannot be determined.
    """
    from application.manager.snapshots.run_checkpoints import CheckpointOptions

    stop_at = options.stop_at
    if stop_at is None and options.checkpoint_on_term is not None:
        stop_at = _end_of_slurm_job(options.grace_time, warn)
    return CheckpointOptions(
        save_time=options.checkpoint_on_term,
        stop_at=stop_at,
        must_store=options.checkpoint_failure == ABORT,
    )


def _end_of_slurm_job(grace_time: float, warn: Callable[[str], None]) -> float | None:
    """Return when to stop the run so that all programs end before Slurm ends the job."""
    from adapters.slurm.allocation import end_of_allocation

    try:
        end = end_of_allocation()
    except TransportError as error:
        warn(f"{error} Only SIGTERM will stop the run in time, unless you pass --stop-at.")
        return None
    return None if end is None else end - grace_time - SHUTDOWN_TIME


def _time(text: str) -> float:
    """Return a time in the future, in seconds since the Unix epoch."""
    now = datetime.now().astimezone()
    try:
        if text.startswith("+"):
            return now.timestamp() + positive(text[1:])
        if "T" in text or " " in text:
            return datetime.fromisoformat(text).astimezone().timestamp()
        today = datetime.combine(now.date(), time.fromisoformat(text)).astimezone()
    except ValueError:
        msg = f"{text} is neither a time, such as 2026-11-20T18:30 or 18:30, nor +SECONDS"
        raise argparse.ArgumentTypeError(msg) from None
    return (today if today > now else today + timedelta(days=1)).timestamp()


def _interval(text: str) -> CheckpointRangeRule:
    value = number(text)
    try:
        return CheckpointRangeRule(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
