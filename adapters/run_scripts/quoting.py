"""Putting data into shell text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def quoted(words: Sequence[str]) -> str:
    """Return words as shell text that stands for exactly these words."""
    return " ".join(map(shlex.quote, words))


def exports(variables: Mapping[str, str]) -> list[str]:
    """Return lines that set environment variables, as far as a shell can.

    Args:
        variables: Values by name; what stands for a name with a leading `+` is appended to the
            value that is there, with nothing in between.
    """
    return [
        _export(name, value)
        for name, value in variables.items()
        if _VARIABLE.fullmatch(name.removeprefix("+"))
    ]


def odd_variables(variables: Mapping[str, str]) -> list[str]:
    """Return a command's words that set those variables whose names no shell allows."""
    odd = [
        f"{name}={value}"
        for name, value in variables.items()
        if not _VARIABLE.fullmatch(name.removeprefix("+"))
    ]
    return ["env", *odd] if odd else []


def _export(name: str, value: str) -> str:
    if name.startswith("+"):
        variable = name[1:]
        return f'export {variable}="${{{variable}-}}"{shlex.quote(value)}'
    return f"export {name}={shlex.quote(value)}"
