"""Types of command line arguments: each parses a text, or raises the error that argparse shows."""

from __future__ import annotations

import argparse
import contextlib
import math


def number(text: str) -> float:
    """Parse a finite number."""
    # with a ValueError, argparse would show the name of this function instead of the message
    with contextlib.suppress(ValueError):
        value = float(text)
        if math.isfinite(value):
            return value
    msg = f"'{text}' is not a number"
    raise argparse.ArgumentTypeError(msg)


def not_negative(text: str) -> float:
    """Parse a finite number that is 0 or greater."""
    value = number(text)
    if value < 0:
        msg = f"{text} is less than 0"
        raise argparse.ArgumentTypeError(msg)
    return value


def positive(text: str) -> float:
    """Parse a finite number that is greater than 0."""
    value = number(text)
    if value <= 0:
        msg = f"{text} is not greater than 0"
        raise argparse.ArgumentTypeError(msg)
    return value


def not_negative_count(text: str) -> int:
    """Parse a whole number that is 0 or greater."""
    return _at_least(0, text)


def positive_count(text: str) -> int:
    """Parse a whole number that is 1 or greater."""
    return _at_least(1, text)


def _at_least(minimum: int, text: str) -> int:
    with contextlib.suppress(ValueError):
        value = int(text)
        if value >= minimum:
            return value
    msg = f"'{text}' is not a whole number of at least {minimum}"
    raise argparse.ArgumentTypeError(msg)
