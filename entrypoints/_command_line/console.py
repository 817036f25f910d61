"""Console output of the command line."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

from domain.wording import without_controls

STDOUT: Final = 1
STDERR: Final = 2


def say(text: str) -> None:
    """Print a text."""
    _print(text, sys.stdout, STDOUT)


def warn(text: str) -> None:
    """Print a warning."""
    say(f"Warning: {text}")


def complain(text: str) -> None:
    """Print a text to standard error."""
    _print(text, sys.stderr, STDERR)


def _print(text: str, stream: TextIO, descriptor: int) -> None:
    try:
        # in one call, so that output of other threads cannot come between the text and its newline
        print(f"{without_controls(text)}\n", end="", file=stream, flush=True)
    except OSError:
        # the reader is gone, as with `| head`, or the disk is full: neither is a reason to end a
        # run
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
