"""The checksum line of workflow snapshot files.

It is the first line, so that a truncated file still contains it, and a comment, so that MUSCLE3
ignores it. A file without it was not written by Conjoin, or has been edited.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from domain.errors import ConfigurationError

_MARK: Final = "# checksum: "
_SIZE: Final = 16


def with_checksum(text: str) -> str:
    """Return a text with its checksum line prepended."""
    return f"{_MARK}{_digest(text)}\n{text}"


def check_unaltered(text: str) -> None:
    """Check the checksum of a text, if it starts with one.

    Raises:
        ConfigurationError: If it does not match.
    """
    line, _, rest = text.partition("\n")
    if line.startswith(_MARK) and line != _MARK + _digest(rest):
        msg = (
            "it is damaged, or has been changed since it was written: its checksum does not match."
            " If you have changed it yourself, remove its first line."
        )
        raise ConfigurationError(msg)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=_SIZE).hexdigest()
