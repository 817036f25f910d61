"""Options of the command line about checkpoints, and what to resume from."""

from __future__ import annotations

import argparse
import math

from domain.checkpoints import CheckpointRangeRule, Checkpoints


def add_resume_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a parser."""
    group = parser.add_argument_group("checkpoints, see docs/checkpointing.md")
    group.add_argument(
        "--resume",
        metavar="WHAT",
        help="resume from a workflow snapshot (a .ymmsl file), from the newest sound one in the"
        " run directory of an earlier run, or, with 'latest', from the newest of all runs of this"
        " model that are in the current directory or beside --run-dir",
    )
    group.add_argument(
        "--checkpoint-every-wallclock",
        metavar="SECONDS",
        type=_positive,
        action="append",
        help="make snapshots each time that so many seconds have passed, besides what the files"
        " ask for",
    )
    group.add_argument(
        "--checkpoint-every-simulation",
        metavar="T",
        type=_positive,
        action="append",
        help="make snapshots at all multiples of T in simulated time, besides what the files ask"
        " for",
    )
    group.add_argument(
        "--checkpoint-at-end", action="store_true", help="make snapshots at the end of the run"
    )


def checkpoints_of(options: argparse.Namespace) -> Checkpoints:
    """Return when to make snapshots according to the command line."""
    return Checkpoints(
        options.checkpoint_at_end,
        tuple(map(CheckpointRangeRule, options.checkpoint_every_wallclock or ())),
        tuple(map(CheckpointRangeRule, options.checkpoint_every_simulation or ())),
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        msg = f"{text} is not larger than 0"
        raise argparse.ArgumentTypeError(msg)
    return value
