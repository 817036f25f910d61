"""Telling protocols apart by the first bytes of a client."""

import ssl

import pytest

from adapters.wire import greeting
from adapters.wire.first_bytes import begins_tls, is_session_id
from adapters.wire.frames import word


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing).do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("size", [1, 2, 8, None])
def test_tls_is_recognised_by_its_first_byte(size):
    assert begins_tls(client_hello()[:size])


@pytest.mark.parametrize("size", [1, 8])
def test_our_greeting_is_not_taken_for_tls(size):
    assert not begins_tls(greeting.MAGIC[:size])


def test_a_new_session_is_not_taken_for_tls():
    assert not begins_tls(word(0))


def test_session_ids_that_begin_like_tls_are_not_assigned():
    refused = [number for number in range(1, 1000) if not is_session_id(number)]
    assert refused == [0x16, 0x116, 0x216, 0x316]
    assert all(begins_tls(word(number)) for number in refused)
