"""Console output of the command line."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

from domain.wording import without_controls

STDOUT: Final = 1
STDERR: Final = 2


def print_text(text: str) -> None:
    """Print a text."""
    _print(text, sys.stdout, STDOUT)


def warn(text: str) -> None:
    """Print a warning."""
    print_text(f"Warning: {text}")


def print_error(text: str) -> None:
    """Print a text to standard error."""
    _print(text, sys.stderr, STDERR)


def _print(text: str, stream: TextIO, descriptor: int) -> None:
    try:
        # one call, so that other threads cannot print between the text and its newline
        print(f"{without_controls(text)}\n", end="", file=stream, flush=True)
    except OSError:
        # the reader has closed the pipe, as with `| head`, or the disk is full: neither must end
        # the run
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
