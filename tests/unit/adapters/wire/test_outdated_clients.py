"""Clients of MUSCLE3 before 0.9, which had no sessions."""

import pytest

from adapters.wire.frames import word
from adapters.wire.outdated_clients import refusal_of
from adapters.wire.packing import pack, unpack
from adapters.wire.session_server import OutdatedClientRefused, ServerConnection, SessionTable
from domain.errors import RemoteProtocolError

REGISTER = pack([1, "macro", ["tcp:127.0.0.1:9001"], [], "0.8.0"])


def connection() -> ServerConnection:
    return ServerConnection(SessionTable(first_id=2**40), max_request=2**20)


def test_old_client_gets_an_error_that_names_its_instance_and_the_cure():
    server = connection()
    (event,) = server.received(word(len(REGISTER)) + REGISTER)
    assert isinstance(event, OutdatedClientRefused)
    assert event.reason.startswith("Instance 'macro' uses a version of MUSCLE3's library before")
    assert "pip install 'muscle3>=0.11,<0.12'" in event.reason
    length, body = server.data_to_send()
    assert length == word(len(body))
    assert unpack(body) == [1, event.reason]
    assert server.is_done


def test_old_client_is_recognised_in_pieces():
    server = connection()
    data = word(len(REGISTER)) + REGISTER
    events = [event for byte in data for event in server.received(bytes([byte]))]
    assert [type(event) for event in events] == [OutdatedClientRefused]


def test_request_without_a_name_is_refused_too():
    refusal = refusal_of(pack([21, "micro.in"]))
    assert refusal is not None
    assert refusal.reason.startswith("A program uses a version of MUSCLE3's library before 0.9")


@pytest.mark.parametrize("body", [b"\xc1" * 20, pack("text of a string"), pack([]), pack(["x"])])
def test_other_data_are_not_an_old_client(body: bytes):
    assert refusal_of(body) is None


@pytest.mark.parametrize("session_id", [3, 2**50])
def test_unknown_session_is_rejected_at_once(session_id: int):
    with pytest.raises(RemoteProtocolError, match="which does not exist"):
        connection().received(word(session_id))
