"""Phrases that several messages for users share."""

from __future__ import annotations


def counted(number: int, noun: str, *, ending: str = "s") -> str:
    """Return a number with a noun, such as `1 slot` or `3 slots`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{ending}"
