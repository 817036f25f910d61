"""The first line of our workflow snapshot files: a checksum of the rest.

It is a comment, which MUSCLE3 ignores. It comes first so that a truncated file still has it. Files
without a checksum were written by other programs.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from domain.errors import ConfigurationError

_MARK: Final = "# checksum: "
_SIZE: Final = 16


def with_checksum(text: str) -> str:
    """Return contents with a line for their checksum in front."""
    return f"{_MARK}{_digest(text)}\n{text}"


def check_unaltered(text: str) -> None:
    """Verify the checksum of contents that begin with one.

    Raises:
        ConfigurationError: If the checksum does not match.
    """
    line, _, rest = text.partition("\n")
    if line.startswith(_MARK) and line != _MARK + _digest(rest):
        msg = (
            "it was damaged or changed after it was written: its checksum does not match. If you"
            " changed it yourself, remove its first line."
        )
        raise ConfigurationError(msg)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=_SIZE).hexdigest()
