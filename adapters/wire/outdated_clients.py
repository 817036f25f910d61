"""Recognises clients of MUSCLE3 before 0.9, which had no sessions.

Such a client begins with its first request, as a length and a body, and expects the response in the
same form. The server takes the length for the id of a session that does not exist.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from adapters.wire.packing import pack, unpack_request
from domain.errors import RemoteProtocolError

REQUEST_SIZES: Final = range(16, 2**14)
"""Lengths of a first request. Ids of our own sessions are longer."""

_ERROR: Final = 1
_REGISTER: Final = 1
_ADVICE: Final = (
    "Use MUSCLE3 0.11 or Conjoin for this program, or 0.10 for all programs of the run. For"
    " example, run in its environment: pip install 'muscle3>=0.11,<0.12'"
)


class Refusal(NamedTuple):
    """Why a client cannot take part.

    Attributes:
        reason: The reason, for the log and for the client.
        response: The client's response, without its length.
    """

    reason: str
    response: bytes


def refusal_of(body: bytes) -> Refusal | None:
    """Return how to refuse a client that begins with a request; None if it is not an old one.

    Args:
        body: The body of the first request.
    """
    try:
        request: Any = unpack_request(body)
    except RemoteProtocolError:
        return None
    match request:
        case [int(kind), *arguments]:
            name = arguments[0] if kind == _REGISTER and arguments else None
        case _:
            return None
    who = f"Instance '{name}'" if isinstance(name, str) else "A program"
    reason = (
        f"{who} uses a version of MUSCLE3's library before 0.9, which this manager"
        f" does not support. {_ADVICE}"
    )
    return Refusal(reason, pack([_ERROR, reason]))
