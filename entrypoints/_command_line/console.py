"""What the command line tells its user."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

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
        # at once, or what another thread prints might come between the text and the end of its line
        print(f"{text}\n", end="", file=stream, flush=True)
    except OSError:
        # nobody reads it any more, as with `| head`, or nothing more fits on the disk, which is no
        # reason to end a run
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
