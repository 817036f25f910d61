"""A failed run in a few lines, for the terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from domain.wording import shortened

MAX_LINES: Final = 6
"""Maximum number of lines of a card. The directories of the output are added to it."""

OUTPUT_LINES: Final = 3
MESSAGE_LINES: Final = 3
MAX_LINE: Final = 600
MAX_VICTIMS: Final = 200

DEADLOCK_CURE: Final = (
    "Check that each of them sends the message that the other waits for, before it waits itself."
)
TRACEBACK: Final = "Traceback (most recent call last):"
_FRAME: Final = re.compile(
    r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.*))?$'
)
_MARKERS: Final = re.compile(r"^[\s~^]*$")
_LIBRARY: Final = re.compile(
    r"/(site|dist)-packages/|/lib/python3[.\d]*/|^<"
    r"|/entrypoints/(_\w+/|instance\.py)|/application/instance/|/adapters/(tcp|wire|io)/"
)
"""Files that the user did not write."""

_OWN_MODULE: Final = re.compile(r"^(application|adapters|domain|entrypoints)(\.\w+)*\.(?=\w+(:|$))")
"""How the name of one of our errors begins in a traceback."""


class CodePlace(NamedTuple):
    """The place where a Python program failed.

    Attributes:
        where: File and line of the user's code.
        source: That line; empty if unknown.
        error: The exception and its message.
    """

    where: str
    source: str
    error: str


def find_code_place(error_output: str) -> CodePlace | None:
    """Return where a program failed, from the last traceback in its error output.

    This is the innermost frame outside of libraries, or the innermost frame if there is none. None
    is returned if there is no traceback, or none that ended the program.
    """
    _, mark, traceback = error_output.rpartition(TRACEBACK)
    lines = traceback.splitlines()[1:] if mark else []
    frames = [
        (index, f"{found['file']}:{found['line']}", _LIBRARY.search(found["file"]) is None)
        for index, found in enumerate(map(_FRAME.match, lines))
        if found is not None
    ]
    if not frames:
        return None
    rest = lines[frames[-1][0] + 1 :]
    message = [line for line in rest if not line.startswith("    ") and not _MARKERS.match(line)]
    if not message:
        return None
    index, where, _ = next((frame for frame in reversed(frames) if frame[2]), frames[-1])
    following = "".join(lines[index + 1 : index + 2])
    source = following.strip() if following.startswith("    ") else ""
    error = "\n".join(message[:MESSAGE_LINES])
    return CodePlace(where, source, _OWN_MODULE.sub("", error))


def card(
    headline: str,
    *,
    error_output: str,
    victims: Sequence[str],
    advice: str | None = None,
    lead: Sequence[str] = (),
) -> str:
    """Return a description of a failure in a few lines.

    Args:
        headline: Which instance failed, and how.
        error_output: The end of its stderr; empty to leave it out.
        victims: Names of the instances that failed because of it.
        advice: What to do, if that is known.
        lead: Lines that precede the headline.
    """
    shown = [shortened(line, MAX_LINE) for line in headline.splitlines()]
    lines = [*lead[: MAX_LINES - MESSAGE_LINES], *shown[:MESSAGE_LINES]][: MAX_LINES - 1]
    last = [] if advice is None else [advice]
    if victims:
        last.append(
            f"Because of this, these failed too: {shortened(', '.join(victims), MAX_VICTIMS)}."
        )
    room = MAX_LINES - len(lines) - len(last)
    return "\n".join([*lines, *_details(headline, error_output)[:room], *last])


def deadlock_card(description: str) -> str:
    """Return a description of a deadlock in a few lines, with what to do.

    Args:
        description: A headline, and a line for each wait.
    """
    lines = description.splitlines()
    room = MAX_LINES - 1
    if len(lines) > room:
        lines = [*lines[: room - 1], f"- and {len(lines) - room + 1} more"]
    return "\n".join([*lines, DEADLOCK_CURE])


def _details(headline: str, error_output: str) -> list[str]:
    place = find_code_place(error_output)
    if place is not None:
        source = f": {place.source}" if place.source else ""
        where = _indented(f"at {place.where}{source}")
        _, _, message = place.error.partition(": ")
        if message and " ".join(message.split()) in " ".join(headline.split()):
            return [where]
        return [where, *map(_indented, place.error.splitlines())]
    output = [line for line in error_output.splitlines() if line.strip()][-OUTPUT_LINES:]
    if not output:
        return []
    return ["The last lines of its error output were:", *map(_indented, output)]


def _indented(line: str) -> str:
    return f"    {shortened(line, MAX_LINE)}"
