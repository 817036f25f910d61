from collections.abc import Callable
from typing import Any

import pytest

from adapters.tcp.server import FIRST_SESSION_ID_BITS
from adapters.wire import greeting
from adapters.wire.frames import Parser, ParserFeed
from adapters.wire.greeting import Purpose
from domain.errors import RemoteProtocolError

CLIENT = b"c" * 32
SERVER = b"s" * 32
ANSWER = greeting.server_answer("secret", CLIENT, SERVER)


@pytest.mark.parametrize("purpose", Purpose)
def test_both_sides_verify_the_secret_of_the_other(purpose: Purpose):
    finish = greeting.client_finish("secret", CLIENT, ANSWER, purpose)
    assert greeting.check_client_finish("secret", CLIENT, SERVER, finish) is purpose


def test_parts_have_the_sizes_that_the_other_side_expects():
    assert len(greeting.client_hello(CLIENT)) == len(greeting.MAGIC) + greeting.NONCE_SIZE
    assert len(ANSWER) == greeting.ANSWER_SIZE
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.SESSION)
    assert len(finish) == greeting.FINISH_SIZE


def test_secret_is_not_sent():
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.STREAM)
    assert b"secret" not in greeting.client_hello(CLIENT) + ANSWER + finish


def test_server_without_the_secret_is_rejected():
    with pytest.raises(RemoteProtocolError, match="does not know the secret"):
        greeting.client_finish("another", CLIENT, ANSWER, Purpose.SESSION)


def test_client_without_the_secret_is_rejected():
    answer = greeting.server_answer("another", CLIENT, SERVER)
    finish = greeting.client_finish("another", CLIENT, answer, Purpose.SESSION)
    with pytest.raises(RemoteProtocolError, match="does not know the secret"):
        greeting.check_client_finish("secret", CLIENT, SERVER, finish)


def test_proof_cannot_be_replayed():
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.SESSION)
    with pytest.raises(RemoteProtocolError):
        greeting.check_client_finish("secret", CLIENT, b"t" * 32, finish)


def test_client_rejects_its_own_proof_from_a_server():
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.SESSION)
    with pytest.raises(RemoteProtocolError):
        greeting.client_finish("secret", CLIENT, SERVER + finish[:32], Purpose.SESSION)


def test_changed_or_missing_byte_is_rejected():
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.SESSION)
    for position in range(len(finish)):
        changed = bytearray(finish)
        changed[position] ^= 1
        for wrong in (bytes(changed), finish[:position], finish + b"\0"):
            with pytest.raises(RemoteProtocolError):
                greeting.check_client_finish("secret", CLIENT, SERVER, wrong)


def test_magic_is_larger_than_any_session_id():
    largest_first_id = 2**FIRST_SESSION_ID_BITS
    assert int.from_bytes(greeting.MAGIC, "little") > largest_first_id + 2**48


class Greeter:
    """One half of the greeting, and what it has sent."""

    def __init__(self, half: Callable[..., Parser[Any]], secret: str = "secret", **options: Any):
        self.sent: list[bytes] = []
        self.purpose: Purpose | None = None
        self._parser = half(secret, send=self.sent.append, **options)
        self.feed = ParserFeed(self._run())

    def _run(self) -> Parser[None]:
        self.purpose = yield from self._parser

    def take_sent(self) -> bytes:
        data = b"".join(self.sent)
        self.sent.clear()
        return data


def greeter(secret: str = "secret", purpose: Purpose = Purpose.SESSION) -> Greeter:
    return Greeter(greeting.greet_as_client, secret, nonce=CLIENT, purpose=purpose)


def greeted(secret: str = "secret") -> Greeter:
    return Greeter(greeting.greet_as_server, secret, nonce=SERVER)


def carry(data: bytes, to: Greeter, size: int) -> None:
    for start in range(0, len(data), size):
        to.feed.feed(data[start : start + size])


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_both_halves_complete_the_greeting_in_pieces_of_any_size(purpose: Purpose, size: int):
    client, server = greeter(purpose=purpose), greeted()
    hello = client.take_sent()
    assert hello.startswith(greeting.MAGIC)
    carry(hello[len(greeting.MAGIC) :], server, size)
    carry(server.take_sent(), client, size)
    carry(client.take_sent(), server, size)
    assert client.feed.is_done
    assert server.feed.is_done
    assert server.purpose is purpose


def test_data_after_the_greeting_stay_unparsed():
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


def test_server_half_rejects_a_client_with_another_secret():
    server = greeted("ours")
    server.feed.feed(CLIENT)
    answer = greeting.server_answer("theirs", CLIENT, SERVER)
    with pytest.raises(RemoteProtocolError, match="a client does not know the secret"):
        server.feed.feed(greeting.client_finish("theirs", CLIENT, answer, Purpose.SESSION))


def test_unknown_purpose_is_rejected():
    server = greeted()
    server.feed.feed(CLIENT)
    finish = greeting.client_finish("secret", CLIENT, server.take_sent(), Purpose.SESSION)
    with pytest.raises(RemoteProtocolError, match="unknown purpose: b'X'"):
        server.feed.feed(finish[:-1] + b"X")
