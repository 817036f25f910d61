"""Phrases that several messages for users share."""

from __future__ import annotations


def counted(number: int, noun: str, *, ending: str = "s") -> str:
    """Return a number with a noun, such as `1 slot` or `3 slots`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{ending}"


def shortened(text: str, limit: int) -> str:
    """Return a text, without its middle if it has more characters than the limit.

    Example:
        >>> shortened("0123456789" * 10, 20)
        '0123456789 [80 characters left out] 0123456789'
    """
    left_out = len(text) - limit
    if left_out <= 0:
        return text
    begin = limit - limit // 2
    end = len(text) - limit // 2
    return f"{text[:begin]} [{counted(left_out, 'character')} left out] {text[end:]}"
