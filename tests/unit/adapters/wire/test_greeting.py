from collections.abc import Callable
from typing import Any

import pytest

from adapters.tcp.server import FIRST_SESSION_ID_BITS
from adapters.wire import greeting
from adapters.wire.frames import Parser, ParserFeed
from adapters.wire.greeting import Introduction, Purpose
from domain.errors import RemoteProtocolError

CLIENT = b"c" * 32
SERVER = b"s" * 32
INTRODUCTION = Introduction("instance micro", "instance macro", Purpose.STREAM)
HELLO = greeting.client_hello(CLIENT, INTRODUCTION)
ANSWER = greeting.server_answer("secret", HELLO, SERVER)


def test_both_sides_verify_the_secret_of_the_other():
    finish = greeting.client_finish("secret", HELLO, ANSWER)
    greeting.check_client_finish("secret", HELLO, SERVER, finish)


def test_parts_have_the_sizes_that_the_other_side_expects():
    names = len("instance micro") + len("instance macro")
    assert len(HELLO) == len(greeting.MAGIC) + greeting.HEAD_SIZE + names
    assert len(ANSWER) == greeting.ANSWER_SIZE
    assert len(greeting.client_finish("secret", HELLO, ANSWER)) == greeting.FINISH_SIZE


def test_secret_is_not_sent():
    finish = greeting.client_finish("secret", HELLO, ANSWER)
    assert b"secret" not in HELLO + ANSWER + finish


def test_server_without_the_secret_is_rejected():
    with pytest.raises(RemoteProtocolError, match="does not know the secret"):
        greeting.client_finish("another", HELLO, ANSWER)


def test_client_without_the_secret_is_rejected():
    answer = greeting.server_answer("another", HELLO, SERVER)
    finish = greeting.client_finish("another", HELLO, answer)
    with pytest.raises(RemoteProtocolError, match="does not know the secret"):
        greeting.check_client_finish("secret", HELLO, SERVER, finish)


def test_proof_cannot_be_replayed():
    finish = greeting.client_finish("secret", HELLO, ANSWER)
    with pytest.raises(RemoteProtocolError):
        greeting.check_client_finish("secret", HELLO, b"t" * 32, finish)


def test_client_rejects_its_own_proof_from_a_server():
    finish = greeting.client_finish("secret", HELLO, ANSWER)
    with pytest.raises(RemoteProtocolError):
        greeting.client_finish("secret", HELLO, SERVER + finish)


def test_changed_or_missing_byte_is_rejected():
    finish = greeting.client_finish("secret", HELLO, ANSWER)
    for position in range(len(finish)):
        changed = bytearray(finish)
        changed[position] ^= 1
        for wrong in (bytes(changed), finish[:position], finish + b"\0"):
            with pytest.raises(RemoteProtocolError):
                greeting.check_client_finish("secret", HELLO, SERVER, wrong)


@pytest.mark.parametrize(
    "other",
    [
        INTRODUCTION._replace(client="instance macro"),
        INTRODUCTION._replace(server="manager"),
        INTRODUCTION._replace(purpose=Purpose.SESSION),
        # the same bytes, divided otherwise
        INTRODUCTION._replace(client="instance microinstance", server=" macro"),
    ],
)
def test_proofs_cover_the_purpose_and_both_identities(other: Introduction):
    hello = greeting.client_hello(CLIENT, other)
    with pytest.raises(RemoteProtocolError):
        greeting.client_finish("secret", hello, ANSWER)
    finish = greeting.client_finish("secret", HELLO, ANSWER)
    with pytest.raises(RemoteProtocolError):
        greeting.check_client_finish("secret", hello, SERVER, finish)


def test_magic_is_larger_than_any_session_id():
    largest_first_id = 2**FIRST_SESSION_ID_BITS
    assert int.from_bytes(greeting.MAGIC, "little") > largest_first_id + 2**48


@pytest.mark.parametrize("magic", [b"CONJOIN1", b"CONJOIN3"])
def test_greeting_of_another_version_is_rejected_with_its_name(magic: bytes):
    with pytest.raises(RemoteProtocolError, match=f"{magic.decode()}.*another version"):
        greeting.check_magic(magic)


@pytest.mark.parametrize("first", [greeting.MAGIC, bytes(8), b"\1" + bytes(7)])
def test_own_magic_and_session_ids_are_not_of_another_version(first: bytes):
    greeting.check_magic(first)


class Greeter:
    """One half of the greeting, and what it has sent."""

    def __init__(
        self, half: Callable[..., Parser[Any]], *arguments: object, **options: object
    ) -> None:
        self.sent: list[bytes] = []
        self.introduction: Introduction | None = None
        self._parser = half(*arguments, send=self.sent.append, **options)
        self.feed = ParserFeed(self._run())

    def _run(self) -> Parser[None]:
        self.introduction = yield from self._parser

    def take_sent(self) -> bytes:
        data = b"".join(self.sent)
        self.sent.clear()
        return data


def greeter(secret: str = "secret", introduction: Introduction = INTRODUCTION) -> Greeter:
    return Greeter(greeting.greet_as_client, secret, introduction, nonce=CLIENT)


def greeted(secret: str = "secret") -> Greeter:
    return Greeter(greeting.greet_as_server, secret, identity="instance macro", nonce=SERVER)


def carry(data: bytes, to: Greeter, size: int) -> None:
    for start in range(0, len(data), size):
        to.feed.feed(data[start : start + size])


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_both_halves_complete_the_greeting_in_pieces_of_any_size(purpose: Purpose, size: int):
    introduction = INTRODUCTION._replace(purpose=purpose)
    client, server = greeter(introduction=introduction), greeted()
    hello = client.take_sent()
    assert hello.startswith(greeting.MAGIC)
    carry(hello[len(greeting.MAGIC) :], server, size)
    carry(server.take_sent(), client, size)
    carry(client.take_sent(), server, size)
    assert client.feed.is_done
    assert server.feed.is_done
    assert server.introduction == introduction


def test_halves_leave_what_follows_the_greeting_unparsed():
    client, server = greeter(), greeted()
    server.feed.feed(client.take_sent()[len(greeting.MAGIC) :])
    client.feed.feed(server.take_sent() + b"after")
    assert client.feed.unparsed == len(b"after")
    server.feed.feed(client.take_sent() + b"after")
    assert server.feed.unparsed == len(b"after")


def test_client_half_rejects_a_server_with_another_secret():
    client, server = greeter("ours"), greeted("theirs")
    server.feed.feed(client.take_sent()[len(greeting.MAGIC) :])
    with pytest.raises(RemoteProtocolError, match="the other side does not know the secret"):
        client.feed.feed(server.take_sent())
    assert client.take_sent() == b""


def after_magic(hello: bytes) -> bytes:
    return hello[len(greeting.MAGIC) :]


def test_server_half_rejects_a_client_with_another_secret():
    server = greeted("ours")
    server.feed.feed(after_magic(HELLO))
    answer = greeting.server_answer("theirs", HELLO, SERVER)
    with pytest.raises(RemoteProtocolError, match="a client does not know the secret"):
        server.feed.feed(greeting.client_finish("theirs", HELLO, answer))


def test_client_that_wants_another_server_is_rejected_without_a_proof():
    server = greeted()
    hello = greeting.client_hello(CLIENT, INTRODUCTION._replace(server="manager"))
    with pytest.raises(RemoteProtocolError, match="greets 'manager', but this is 'instance macro'"):
        server.feed.feed(after_magic(hello))
    assert server.take_sent() == b""


def test_unknown_purpose_is_rejected():
    hello = bytearray(after_magic(HELLO))
    hello[greeting.NONCE_SIZE : greeting.NONCE_SIZE + 1] = b"X"
    with pytest.raises(RemoteProtocolError, match="unknown purpose: b'X'"):
        greeted().feed.feed(bytes(hello))


@pytest.mark.parametrize("size", [0, greeting.MAX_IDENTITY + 1, 65535])
@pytest.mark.parametrize("which", ["client", "server"])
def test_identity_of_invalid_size_is_rejected_before_it_arrives(which: str, size: int):
    introduction = INTRODUCTION._replace(**{which: "x" * size})
    head = after_magic(greeting.client_hello(CLIENT, introduction))[: greeting.HEAD_SIZE]
    with pytest.raises(RemoteProtocolError, match="identities of"):
        greeted().feed.feed(head)


def test_identity_that_is_not_utf8_is_rejected():
    hello = after_magic(HELLO).replace(b"micro", b"micr\xff")
    with pytest.raises(RemoteProtocolError, match="UTF-8"):
        greeted().feed.feed(hello)
