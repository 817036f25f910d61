"""How a server that serves several protocols at one port tells them apart by the first bytes.

- TLS: the record of a handshake begins with the byte 22. The other protocols follow inside.
- Conjoin's greeting begins with its magic, which is text; see `greeting`.
- MUSCLE3's clients begin with a session id: zero, or one that this server has assigned. No server
  assigns ids that begin like TLS.
"""

from __future__ import annotations

from typing import Final

from adapters.wire.frames import Piece, word

TLS_HANDSHAKE: Final = 22


def begins_tls(data: Piece) -> bool:
    """Whether a client that has sent these bytes first, at least one, wants to use TLS."""
    return data[0] == TLS_HANDSHAKE


def is_session_id(number: int) -> bool:
    """Whether a number can be a session's id: its bytes must not look like the start of TLS."""
    return not begins_tls(word(number))
