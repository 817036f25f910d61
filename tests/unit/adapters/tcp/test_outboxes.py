"""Messages that wait for a request, and requests that wait for a message."""

import threading

import pytest

from adapters.tcp.outboxes import Outboxes, OutboxOutlet
from adapters.wire import mpp
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError, UnsendableData

MICRO = "micro.f_init"


@pytest.fixture
def boxes():
    return Outboxes()


def ask(boxes, receiver=MICRO):
    """Request a message; return a list that will receive it."""
    answers = []
    boxes.handle(mpp.encode_request(receiver), answers.append)
    return answers


def test_messages_are_fetched_in_order(boxes):
    boxes.put(MICRO, b"1")
    boxes.put(MICRO, b"2")
    assert [ask(boxes), ask(boxes)] == [[[b"1"]], [[b"2"]]]


def test_request_waits_for_its_message(boxes):
    answers = ask(boxes)
    boxes.put("other.f_init", b"theirs")
    assert answers == []
    boxes.put(MICRO, b"1")
    boxes.put(MICRO, b"2")
    assert answers == [[b"1"]]


def test_repeated_request_after_a_lost_connection_gets_the_message_once(boxes):
    first, second = ask(boxes), ask(boxes)
    boxes.put(MICRO, b"1")
    assert (first, second) == ([], [[b"1"]])


def test_outbox_is_empty_when_all_messages_have_been_fetched(boxes):
    assert boxes.wait_until_empty(timeout=0)
    boxes.put(MICRO, b"1")
    assert not boxes.wait_until_empty(timeout=0)
    ask(boxes)
    assert boxes.wait_until_empty(timeout=None)


def test_messages_for_a_receiver_that_has_left_are_dropped(boxes):
    boxes.put(MICRO, b"1")
    boxes.put("other.f_init", b"2")
    assert boxes.waiting() == [MICRO, "other.f_init"]
    boxes.drop(MICRO)
    assert boxes.waiting() == ["other.f_init"]
    boxes.drop("other.f_init")
    assert boxes.wait_until_empty(timeout=0)


def test_dropping_messages_ends_the_wait_for_them(boxes):
    boxes.put(MICRO, b"1")
    timer = threading.Timer(0.05, lambda: boxes.drop(MICRO))
    timer.start()
    assert boxes.wait_until_empty(timeout=None)
    timer.join()


@pytest.mark.parametrize("put", [False, True])
def test_endpoint_of_a_request_is_returned(boxes, put):
    if put:
        boxes.put(MICRO, b"1")
    assert boxes.handle(mpp.encode_request(MICRO), lambda _: None) == MICRO


@pytest.mark.parametrize("request_", [b"", b"\xc1", b"\x90", mpp.encode_request(MICRO) + b"x"])
def test_other_requests_are_rejected(boxes, request_):
    with pytest.raises(RemoteProtocolError):
        boxes.handle(request_, pytest.fail)


def test_message_from_an_outlet_is_decodable_and_its_size_is_returned(boxes):
    message = PeerMessage(1.5, None, [1, "x"], Settings({"a": 1}), None, 0, (3,))
    size = OutboxOutlet(boxes, sender="macro.o_i", receiver=MICRO).send(message)
    (((encoded,),),) = [ask(boxes)]
    assert len(encoded) == size
    assert mpp.decode_message(encoded) == message


def test_unsendable_message_is_not_put_into_the_outbox(boxes):
    message = PeerMessage(1.5, None, object(), Settings(), None, 0, ())
    with pytest.raises(UnsendableData):
        OutboxOutlet(boxes, sender="macro.o_i", receiver=MICRO).send(message)
    assert boxes.wait_until_empty(timeout=0)
