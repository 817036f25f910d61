"""Passes an agent's orders in environment variables, where standard input does not reach it.

Only processes of the same user can read the environment of a process. The agent removes the
variables before it starts other programs.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

PREFIX: Final = "CONJOIN_AGENT_ORDERS_"
MAX_LENGTH: Final = 100_000
"""Linux allows 128 KiB for a variable."""


def orders_as_variables(line: bytes) -> dict[str, str]:
    """Return environment variables with the line that an agent reads first."""
    text = line.decode("ascii")
    parts = [text[start : start + MAX_LENGTH] for start in range(0, len(text), MAX_LENGTH)]
    return {f"{PREFIX}{number}": part for number, part in enumerate(parts)}


def has_orders(environment: MutableMapping[str, str]) -> bool:
    """Return whether environment variables contain orders."""
    return f"{PREFIX}0" in environment


def take_orders(environment: MutableMapping[str, str]) -> bytes:
    """Remove the orders from environment variables, and return the line; empty without orders."""
    parts: list[str] = []
    while (part := environment.pop(f"{PREFIX}{len(parts)}", None)) is not None:
        parts.append(part)
    return "".join(parts).encode("ascii", "replace")
