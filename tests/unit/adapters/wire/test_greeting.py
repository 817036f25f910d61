import pytest

from adapters.tcp.server import FIRST_SESSION_ID_BITS
from adapters.wire import greeting
from adapters.wire.greeting import Purpose
from domain.errors import RemoteProtocolError

CLIENT = b"c" * 32
SERVER = b"s" * 32
ANSWER = greeting.server_answer("secret", CLIENT, SERVER)


@pytest.mark.parametrize("purpose", Purpose)
def test_both_sides_learn_that_the_other_knows_the_secret(purpose: Purpose):
    finish = greeting.client_finish("secret", CLIENT, ANSWER, purpose)
    assert greeting.check_client_finish("secret", CLIENT, SERVER, finish) is purpose


def test_the_parts_have_the_sizes_that_the_other_side_waits_for():
    assert len(greeting.client_hello(CLIENT)) == greeting.HELLO_SIZE
    assert len(ANSWER) == greeting.ANSWER_SIZE
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.SESSION)
    assert len(finish) == greeting.FINISH_SIZE


def test_the_secret_does_not_travel():
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.STREAM)
    assert b"secret" not in greeting.client_hello(CLIENT) + ANSWER + finish


def test_a_server_without_the_secret_is_refused():
    with pytest.raises(RemoteProtocolError, match="does not know the secret"):
        greeting.client_finish("another", CLIENT, ANSWER, Purpose.SESSION)


def test_a_client_without_the_secret_is_refused():
    answer = greeting.server_answer("another", CLIENT, SERVER)
    finish = greeting.client_finish("another", CLIENT, answer, Purpose.SESSION)
    with pytest.raises(RemoteProtocolError, match="does not know the secret"):
        greeting.check_client_finish("secret", CLIENT, SERVER, finish)


def test_a_proof_that_was_overheard_is_of_no_use_another_time():
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.SESSION)
    with pytest.raises(RemoteProtocolError):
        greeting.check_client_finish("secret", CLIENT, b"t" * 32, finish)


def test_a_server_cannot_send_a_client_its_own_proof_back():
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.SESSION)
    with pytest.raises(RemoteProtocolError):
        greeting.client_finish("secret", CLIENT, SERVER + finish[:32], Purpose.SESSION)


def test_every_changed_or_missing_byte_is_noticed():
    finish = greeting.client_finish("secret", CLIENT, ANSWER, Purpose.SESSION)
    for position in range(len(finish)):
        changed = bytearray(finish)
        changed[position] ^= 1
        for wrong in (bytes(changed), finish[:position], finish + b"\0"):
            with pytest.raises(RemoteProtocolError):
                greeting.check_client_finish("secret", CLIENT, SERVER, wrong)


def test_the_magic_is_larger_than_any_session_id():
    largest_first_id = 2**FIRST_SESSION_ID_BITS
    assert int.from_bytes(greeting.MAGIC, "little") > largest_first_id + 2**48
