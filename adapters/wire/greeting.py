"""The handshake in which two of our own programs prove that they belong to the same run.

A MUSCLE3 client begins with a session id. Ours begins with MAGIC instead, which is larger than any
session id that our servers assign, so that one port serves both::

    client → server   MAGIC, client's nonce (32 bytes)
    server → client   server's nonce (32 bytes), HMAC(secret, "server" + both nonces)
    client → server   HMAC(secret, "client" + both nonces), one byte: the purpose

After that the server either expects the session protocol (SESSION) or sends a stream of messages
(STREAM). The secret itself is never sent.

`greet_as_client` and `greet_as_server` are the two sides, as parsers to which other parsers
delegate. The functions below them create and check the individual messages.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from adapters.wire.frames import Parser
from domain.errors import RemoteProtocolError

MAGIC = b"CONJOIN1"
NONCE_SIZE = 32
PROOF_SIZE = 32
ANSWER_SIZE = NONCE_SIZE + PROOF_SIZE
FINISH_SIZE = PROOF_SIZE + 1


class Purpose(Enum):
    """The purpose of a connection: the protocol that follows the greeting."""

    SESSION = b"S"
    STREAM = b"D"


def greet_as_client(
    secret: str, *, nonce: bytes, purpose: Purpose, send: Callable[[bytes], None]
) -> Parser[None]:
    """Greet a server.

    Args:
        secret: The run's secret.
        nonce: 32 random bytes for this connection.
        purpose: The protocol that follows.
        send: Sends bytes to the other side.

    Raises:
        RemoteProtocolError: If the server does not know the secret.
    """
    send(client_hello(nonce))
    answer = yield ANSWER_SIZE
    send(client_finish(secret, nonce, bytes(answer), purpose))


def greet_as_server(secret: str, *, nonce: bytes, send: Callable[[bytes], None]) -> Parser[Purpose]:
    """Answer the greeting of a client that has sent MAGIC; return its purpose.

    Args:
        secret: The run's secret.
        nonce: 32 random bytes for this connection.
        send: Sends bytes to the other side.

    Raises:
        RemoteProtocolError: If the client does not know the secret, or its purpose is unknown.
    """
    client_nonce = bytes((yield NONCE_SIZE))
    send(server_answer(secret, client_nonce, nonce))
    finish = yield FINISH_SIZE
    return check_client_finish(secret, client_nonce, nonce, bytes(finish))


def client_hello(nonce: bytes) -> bytes:
    """Return the first bytes of a client."""
    return MAGIC + nonce


def server_answer(secret: str, client_nonce: bytes, nonce: bytes) -> bytes:
    """Return a server's answer to a client's hello."""
    return nonce + _proof(secret, b"server", client_nonce, nonce)


def client_finish(secret: str, nonce: bytes, answer: bytes, purpose: Purpose) -> bytes:
    """Check a server's answer, and return the client's proof and purpose.

    Raises:
        RemoteProtocolError: If the server does not know the secret.
    """
    server_nonce, proof = answer[:NONCE_SIZE], answer[NONCE_SIZE:]
    if not _is_equal(proof, _proof(secret, b"server", nonce, server_nonce)):
        msg = (
            "the other side does not know the secret of this run: does it belong to another run, or"
            " was CONJOIN_SECRET set by hand?"
        )
        raise RemoteProtocolError(msg)
    return _proof(secret, b"client", nonce, server_nonce) + purpose.value


def check_client_finish(secret: str, client_nonce: bytes, nonce: bytes, finish: bytes) -> Purpose:
    """Check a client's proof, and return its purpose.

    Raises:
        RemoteProtocolError: If the client does not know the secret, or its purpose is unknown.
    """
    proof, purpose = finish[:PROOF_SIZE], finish[PROOF_SIZE:]
    if not _is_equal(proof, _proof(secret, b"client", client_nonce, nonce)):
        msg = "a client does not know the secret of this run"
        raise RemoteProtocolError(msg)
    try:
        return Purpose(purpose)
    except ValueError:
        msg = f"a client sent a greeting with an unknown purpose: {purpose!r}"
        raise RemoteProtocolError(msg) from None


def _proof(secret: str, role: bytes, client_nonce: bytes, server_nonce: bytes) -> bytes:
    import hmac

    return hmac.digest(secret.encode(), role + client_nonce + server_nonce, "sha256")


def _is_equal(proof: bytes, expected: bytes) -> bool:
    import hmac

    return hmac.compare_digest(proof, expected)
