"""How two of our own programs prove to each other that they belong to the same run.

A MUSCLE3 client begins with a session id. Ours begins with MAGIC instead, which is larger than any
session id that our servers or MUSCLE3's hand out, so that one port serves both::

    client → server   MAGIC, client's nonce (32 bytes)
    server → client   server's nonce (32 bytes), HMAC(secret, "server" + both nonces)
    client → server   HMAC(secret, "client" + both nonces), one byte: what follows

After that the server either expects the session protocol (SESSION) or sends a stream of messages
(STREAM). The secret itself never travels.
"""

from __future__ import annotations

from enum import Enum

from domain.errors import RemoteProtocolError

MAGIC = b"CONJOIN1"
NONCE_SIZE = 32
PROOF_SIZE = 32
HELLO_SIZE = len(MAGIC) + NONCE_SIZE
ANSWER_SIZE = NONCE_SIZE + PROOF_SIZE
FINISH_SIZE = PROOF_SIZE + 1


class Purpose(Enum):
    """What follows the greeting."""

    SESSION = b"S"
    STREAM = b"D"


def _proof(secret: str, role: bytes, client_nonce: bytes, server_nonce: bytes) -> bytes:
    import hmac

    return hmac.digest(secret.encode(), role + client_nonce + server_nonce, "sha256")


def _is_equal(proof: bytes, expected: bytes) -> bool:
    import hmac

    return hmac.compare_digest(proof, expected)


def client_hello(nonce: bytes) -> bytes:
    """Return what a client says first."""
    return MAGIC + nonce


def server_answer(secret: str, client_nonce: bytes, nonce: bytes) -> bytes:
    """Return what a server answers to a client's hello."""
    return nonce + _proof(secret, b"server", client_nonce, nonce)


def client_finish(secret: str, nonce: bytes, answer: bytes, purpose: Purpose) -> bytes:
    """Check a server's answer, and return what the client says next.

    Raises:
        RemoteProtocolError: If the server does not know the secret.
    """
    server_nonce, proof = answer[:NONCE_SIZE], answer[NONCE_SIZE:]
    if not _is_equal(proof, _proof(secret, b"server", nonce, server_nonce)):
        msg = (
            "the other side does not know the secret of this run: is it another run's, or was"
            " CONJOIN_SECRET set by hand?"
        )
        raise RemoteProtocolError(msg)
    return _proof(secret, b"client", nonce, server_nonce) + purpose.value


def check_client_finish(secret: str, client_nonce: bytes, nonce: bytes, finish: bytes) -> Purpose:
    """Check a client's proof, and return what it wants.

    Raises:
        RemoteProtocolError: If the client does not know the secret, or wants something unknown.
    """
    proof, purpose = finish[:PROOF_SIZE], finish[PROOF_SIZE:]
    if not _is_equal(proof, _proof(secret, b"client", client_nonce, nonce)):
        msg = "a client does not know the secret of this run"
        raise RemoteProtocolError(msg)
    try:
        return Purpose(purpose)
    except ValueError:
        msg = f"a client wants something unknown: {purpose!r}"
        raise RemoteProtocolError(msg) from None
