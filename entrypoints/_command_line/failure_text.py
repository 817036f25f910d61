"""The text that a failed run ends with on the command line."""

from __future__ import annotations

from typing import Final

from domain.running.events import RunFinished
from domain.wording import shortened

FAILED: Final = "the simulation failed: "
MAX_LINE: Final = 500
"""Maximum number of characters of a line of the log."""


def describe_failure(result: RunFinished, log: str) -> str:
    """Return the last lines of the log, and the cause.

    The cause is that of the result, whatever the log contains: its level may omit the cause, and
    its store may fail.

    Args:
        result: How the run ended.
        log: The last lines of the log. Its own description of the cause is left out.
    """
    parts = []
    lines = _without_cause(log).splitlines()
    if lines:
        shown = "\n".join(shortened(line, MAX_LINE) for line in lines)
        parts.append(f"The simulation failed. The last lines of the log:\n\n{shown}\n")
    parts.append(f"{FAILED}{result.cause}")
    if result.output_directory:
        parts.append(f"Its output is in {result.output_directory}")
    return "\n".join(parts) + "\n"


def _without_cause(log: str) -> str:
    before, mark, _ = log.rpartition(f": {FAILED}")
    if not mark:
        return log
    return before.rpartition("\n")[0]
