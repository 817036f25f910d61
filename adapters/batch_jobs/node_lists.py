"""Expands lists in the notations of Slurm: node names, and counts for each node.

Flux uses the same notation for names. The library `python-hostlist` expands it too, but its
licence (GPL) does not suit Conjoin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Final

from domain.errors import ConfigurationError

MAX_NODES: Final = 100_000
"""More nodes than any machine has: the limit protects against a mistyped range."""

_PIECE: Final = re.compile(r"\[([^\[\]]*)\]|([^\[\],]+)")
_RANGE: Final = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)
_COUNT: Final = re.compile(r"(\d{1,18})(?:\(x(\d{1,18})\))?", re.ASCII)


def expand_names(text: str) -> list[str]:
    """Return the names in a node list, such as `login,node[01-03,7],r[1-2]n[1-2]-ib`.

    The number of digits of the start of a range is the least that its numbers have. If a name has
    several brackets, the last one varies fastest.

    Args:
        text: The list.

    Raises:
        ConfigurationError: If the text is not such a list, or has too many names.
    """
    names: list[str] = []
    for name in _split(text):
        names += _expand_name(name, text, limit=MAX_NODES - len(names))
    return names


def expand_counts(text: str) -> list[int]:
    """Return the counts in a list such as `36(x2),24`: 36, 36, 24.

    Raises:
        ConfigurationError: If the text is not such a list, or has too many counts.
    """
    counts: list[int] = []
    for part in text.split(","):
        match = _COUNT.fullmatch(part.strip())
        if match is None:
            msg = f"'{text}' is not a list of counts such as '36(x2),24': '{part}' is not a count"
            raise ConfigurationError(msg)
        repetitions = int(match[2] or 1)
        if len(counts) + repetitions > MAX_NODES:
            raise _too_many(text)
        counts += [int(match[1])] * repetitions
    return counts


def _split(text: str) -> Iterator[str]:
    """Yield the parts of a list between the commas that are not in brackets."""
    start = depth = 0
    for position, character in enumerate(text):
        depth += {"[": 1, "]": -1}.get(character, 0)
        if depth not in (0, 1):
            raise _invalid(text, "the brackets do not match")
        if character == "," and depth == 0:
            yield text[start:position]
            start = position + 1
    if depth:
        raise _invalid(text, "the brackets do not match")
    yield text[start:]


def _expand_name(name: str, text: str, *, limit: int) -> list[str]:
    name = name.strip()
    if not name or any(map(str.isspace, name)):
        raise _invalid(text, f"'{name}' is not a name")
    choices: list[list[str]] = []
    count = 1
    for match in _PIECE.finditer(name):
        choices.append([match[2]] if match[2] else _expand_ranges(match[1], text, limit=limit))
        count *= len(choices[-1])
        if count > limit:
            raise _too_many(text)
    return ["".join(parts) for parts in product(*choices)]


def _expand_ranges(ranges: str, text: str, *, limit: int) -> list[str]:
    numbers: list[str] = []
    for part in ranges.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise _invalid(text, f"'{part}' is not a number or a range")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise _invalid(text, f"the range '{part}' is empty")
        if len(numbers) + last - first >= limit:
            raise _too_many(text)
        width = len(match[1])
        numbers += [f"{number:0{width}}" for number in range(first, last + 1)]
    return numbers


def _invalid(text: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"'{text}' is not a list of nodes such as 'node[01-03,7]': {reason}")


def _too_many(text: str) -> ConfigurationError:
    return ConfigurationError(f"'{text}' lists more than {MAX_NODES} nodes")
