"""The handshake in which two of our own programs prove that they belong to the same run.

A MUSCLE3 client begins with a session id. Ours begins with MAGIC instead, which is larger than any
session id that our servers assign, so that one port serves both::

    client → server   hello: MAGIC, client's nonce (32 bytes), purpose (1 byte), lengths of the two
                      identities (2 bytes each, little-endian), the client's own identity, and that
                      of the server that it wants to reach
    server → client   server's nonce (32 bytes), HMAC(secret, "server" + hello + server's nonce)
    client → server   HMAC(secret, "client" + hello + server's nonce)

The proofs cover everything that both sides have sent, so that an attacker between them can change
neither the purpose nor the identities, nor pass a connection on to another server of the run. After
the handshake the server either expects the session protocol (SESSION) or sends a stream of messages
(STREAM). The secret itself is never sent.

`greet_as_client` and `greet_as_server` are the two sides, as parsers to which other parsers
delegate. The functions below them create and check the individual messages.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from adapters.wire.frames import Parser
from domain.errors import RemoteProtocolError
from domain.version import VERSION

MAGIC = b"CONJOIN2"
MAGIC_OF_ANY_VERSION = b"CONJOIN"
NONCE_SIZE = 32
PROOF_SIZE = 32
MAX_IDENTITY = 1024
HEAD_SIZE = NONCE_SIZE + 1 + 2 + 2
"""Size of the part of a hello between the magic and the identities."""

ANSWER_SIZE = NONCE_SIZE + PROOF_SIZE
FINISH_SIZE = PROOF_SIZE


class Purpose(Enum):
    """The purpose of a connection: the protocol that follows the greeting."""

    SESSION = b"S"
    STREAM = b"D"


class Introduction(NamedTuple):
    """The contents of a client's hello.

    Attributes:
        client: Its own identity.
        server: Identity of the server that it wants to reach.
        purpose: What is to follow.
    """

    client: str
    server: str
    purpose: Purpose


def greet_as_client(
    secret: str, introduction: Introduction, *, nonce: bytes, send: Callable[[bytes], None]
) -> Parser[None]:
    """Greet a server.

    Args:
        secret: The run's secret.
        introduction: Who greets whom, and why.
        nonce: 32 random bytes for this connection.
        send: Sends bytes to the other side.

    Raises:
        RemoteProtocolError: If the server does not know the secret.
    """
    hello = client_hello(nonce, introduction)
    send(hello)
    answer = yield ANSWER_SIZE
    send(client_finish(secret, hello, bytes(answer)))


def greet_as_server(
    secret: str, *, identity: str, nonce: bytes, send: Callable[[bytes], None]
) -> Parser[Introduction]:
    """Answer the greeting of a client that has sent MAGIC; return its introduction.

    Args:
        secret: The run's secret.
        identity: The server's own identity.
        nonce: 32 random bytes for this connection.
        send: Sends bytes to the other side.

    Raises:
        RemoteProtocolError: If the client does not know the secret, wants to reach another server,
            or its introduction is invalid.
    """
    head = bytes((yield HEAD_SIZE))
    names = bytes((yield _size_of_names(head)))
    introduction = _introduction(head, names)
    if introduction.server != identity:
        msg = (
            f"a client greets '{introduction.server}', but this is '{identity}': does an address of"
            " another program of the run lead here?"
        )
        raise RemoteProtocolError(msg)
    hello = MAGIC + head + names
    send(server_answer(secret, hello, nonce))
    finish = yield FINISH_SIZE
    check_client_finish(secret, hello, nonce, bytes(finish))
    return introduction


def check_magic(first: bytes | memoryview) -> None:
    """Check that a client does not begin with the greeting of another version.

    Raises:
        RemoteProtocolError: If it does.
    """
    if first != MAGIC and bytes(first).startswith(MAGIC_OF_ANY_VERSION):
        msg = (
            f"a client begins with {bytes(first)!r}, the greeting of another version of Conjoin,"
            f" while this is version {VERSION}: install the same version for all programs of the"
            " run"
        )
        raise RemoteProtocolError(msg)


def client_hello(nonce: bytes, introduction: Introduction) -> bytes:
    """Return the first bytes of a client."""
    client, server = introduction.client.encode(), introduction.server.encode()
    lengths = len(client).to_bytes(2, "little") + len(server).to_bytes(2, "little")
    return MAGIC + nonce + introduction.purpose.value + lengths + client + server


def server_answer(secret: str, hello: bytes, nonce: bytes) -> bytes:
    """Return a server's answer to a client's hello."""
    return nonce + _proof(secret, b"server", hello, nonce)


def client_finish(secret: str, hello: bytes, answer: bytes) -> bytes:
    """Check a server's answer, and return the client's proof.

    Raises:
        RemoteProtocolError: If the server does not know the secret.
    """
    server_nonce, proof = answer[:NONCE_SIZE], answer[NONCE_SIZE:]
    if not _is_equal(proof, _proof(secret, b"server", hello, server_nonce)):
        msg = (
            "the other side does not know the secret of this run: does it belong to another run, or"
            " was CONJOIN_SECRET set by hand?"
        )
        raise RemoteProtocolError(msg)
    return _proof(secret, b"client", hello, server_nonce)


def check_client_finish(secret: str, hello: bytes, nonce: bytes, finish: bytes) -> None:
    """Check a client's proof.

    Raises:
        RemoteProtocolError: If the client does not know the secret.
    """
    if not _is_equal(finish, _proof(secret, b"client", hello, nonce)):
        msg = "a client does not know the secret of this run"
        raise RemoteProtocolError(msg)


def _lengths(head: bytes) -> tuple[int, int]:
    lengths = head[NONCE_SIZE + 1 :]
    return int.from_bytes(lengths[:2], "little"), int.from_bytes(lengths[2:], "little")


def _size_of_names(head: bytes) -> int:
    lengths = _lengths(head)
    if not all(0 < length <= MAX_IDENTITY for length in lengths):
        msg = f"a client greets with identities of {lengths[0]} and {lengths[1]} bytes"
        raise RemoteProtocolError(msg)
    return sum(lengths)


def _introduction(head: bytes, names: bytes) -> Introduction:
    size, _ = _lengths(head)
    purpose = head[NONCE_SIZE : NONCE_SIZE + 1]
    try:
        return Introduction(names[:size].decode(), names[size:].decode(), Purpose(purpose))
    except UnicodeDecodeError:
        msg = "a client greets with an identity that is not valid UTF-8"
        raise RemoteProtocolError(msg) from None
    except ValueError:
        msg = f"a client sent a greeting with an unknown purpose: {purpose!r}"
        raise RemoteProtocolError(msg) from None


def _proof(secret: str, role: bytes, hello: bytes, server_nonce: bytes) -> bytes:
    import hmac

    return hmac.digest(secret.encode(), role + hello + server_nonce, "sha256")


def _is_equal(proof: bytes, expected: bytes) -> bool:
    import hmac

    return hmac.compare_digest(proof, expected)
