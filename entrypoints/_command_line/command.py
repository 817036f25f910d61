"""The common parts of the commands of `conjoin`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final, NamedTuple

from entrypoints._command_line.argument_types import not_negative_count, positive_count

COMPLETED: Final = 0
FAILED: Final = 1
MISTAKE: Final = 2
RESUMABLE: Final = 75
"""EX_TEMPFAIL: the run was stopped from outside, and there are snapshots to resume it from."""


class Command(NamedTuple):
    """A command of `conjoin`.

    Attributes:
        name: Its name on the command line.
        summary: One line for the list of commands.
        description: What it does, in a sentence.
        add_arguments: Adds its arguments to a parser.
        run: Runs it, and returns the exit code. It raises the errors that a user can fix.
        mistake: The beginning of the message if the user made a mistake.
        slow_import: A module to import before signals are handled, so that they can end it.
    """

    name: str
    summary: str
    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    mistake: str = "The command failed"
    slow_import: str | None = None


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name yMMSL files and a model."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="yMMSL files, merged in order; - reads stdin"
    )
    parser.add_argument(
        "-m", "--model", help="name of the model to run, if the files describe several"
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the argument that changes settings."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="replace or add a setting, such as --set macro.dt=0.1; write the value as in yMMSL."
        " Can be repeated",
    )


def add_node_size(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how large the nodes of a cluster are."""
    parser.add_argument(
        "-c",
        "--cores-per-node",
        type=positive_count,
        required=True,
        metavar="N",
        help="how many cores each node has",
    )
    parser.add_argument(
        "-g",
        "--gpus-per-node",
        type=not_negative_count,
        default=0,
        metavar="N",
        help="how many GPUs each node has (default: %(default)s)",
    )


def add_host_key_policy(parser: argparse.ArgumentParser) -> None:
    """Add the argument that accepts SSH host keys."""
    parser.add_argument(
        "--accept-new-host-keys",
        action="store_true",
        help="accept the SSH host keys of hosts that are not among the known hosts, and remember"
        " them; changed keys are always refused",
    )
