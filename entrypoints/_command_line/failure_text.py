"""The text that a failed run ends with on the command line."""

from __future__ import annotations

from typing import Final

from domain.running.events import RunFinished
from domain.wording import shortened

FAILED: Final = "the simulation failed: "
MAX_LINE: Final = 500
"""Maximum number of characters of a line."""


def describe_failure(result: RunFinished) -> str:
    """Return the cause in a few lines, and where the output is that has the rest.

    The cause is that of the result: the level of the log may omit it, and its store may fail.
    """
    text = f"{FAILED}{result.summary or result.cause}"
    lines = [shortened(line, MAX_LINE) for line in text.splitlines()]
    if result.output_directory:
        lines.append(f"Its output is in {result.output_directory}")
    return "\n".join(lines)
