"""Phrases that several messages for users share."""

from __future__ import annotations

import errno
import re
from typing import Final

_CONTROLS: Final = (
    "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"  # C0 except tab and line feed, delete, C1
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"  # change the direction of text
    "\\u2028\\u2029"  # separate lines and paragraphs
    "\\ud800-\\udfff"  # are not characters, and cannot be written as UTF-8
)
_CONTROL: Final = re.compile(f"[{_CONTROLS}]")
_CONTROL_OR_BREAK: Final = re.compile(f"[\\n{_CONTROLS}]")

_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_ORDINAL_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}


def counted(number: int, noun: str, *, ending: str = "s") -> str:
    """Return a number with a noun, such as `1 slot` or `3 slots`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{ending}"


def ordinal(number: int) -> str:
    """Return a number as an ordinal, such as `1st` or `12th`."""
    is_teen = number // 10 % 10 == 1
    return f"{number}{'th' if is_teen else _ORDINAL_ENDINGS.get(number % 10, 'th')}"


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


def without_controls(text: str) -> str:
    r"""Return a text in which control characters are visible escapes, such as `\x1b`.

    Text from a program or from the network could otherwise control the user's terminal, or display
    something else than it contains. Tabs and line breaks stay as they are.

    Example:
        >>> without_controls("\x1b[31mred\r\nblue")
        '\\x1b[31mred\nblue'
    """
    return _CONTROL.sub(_escaped, text.replace("\r\n", "\n"))


def describe_os_error(error: OSError) -> str:
    """Return a sentence about an error of the operating system, with what to do if that is known.

    Example:
        >>> describe_os_error(OSError(28, "No space left on device", "/tmp/x"))
        "'/tmp/x': No space left on device. Free some space, or choose another disk."
    """
    reason = error.strerror or str(error) or type(error).__name__
    where = f"'{error.filename}': " if error.filename else ""
    cure = " Free some space, or choose another disk." if error.errno in _DISK_FULL else ""
    return f"{where}{reason.rstrip('.')}.{cure}"


def on_one_line(text: str) -> str:
    r"""Return a text without control characters, like `without_controls`, and on one line.

    Example:
        >>> on_one_line("one\ntwo")
        'one\\ntwo'
    """
    return _CONTROL_OR_BREAK.sub(_escaped, text.replace("\r\n", "\n"))


def _escaped(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]
