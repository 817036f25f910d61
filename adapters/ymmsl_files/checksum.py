"""The first line of the files that we write to resume from: a checksum of what follows.

It is a comment, so that MUSCLE3 passes over it. It stands first, so that it is there whatever a
file has lost at its end. A file without one was written by somebody else.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from domain.errors import ConfigurationError

_MARK: Final = "# checksum: "
_SIZE: Final = 16


def with_checksum(text: str) -> str:
    """Return a text with its checksum before it."""
    return f"{_MARK}{_digest(text)}\n{text}"


def check_unaltered(text: str) -> None:
    """Check that a text that begins with a checksum is the one that was written.

    Raises:
        ConfigurationError: If it is not.
    """
    line, _, rest = text.partition("\n")
    if line.startswith(_MARK) and line != _MARK + _digest(rest):
        msg = (
            "it is damaged, or has been changed, since it was written: its checksum is another. If"
            " you have changed it yourself, remove its first line."
        )
        raise ConfigurationError(msg)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=_SIZE).hexdigest()
