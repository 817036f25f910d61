"""Tables of requests."""

from collections.abc import Callable

import pytest

from adapters.wire.packing import pack, unpack
from adapters.wire.requests import (
    NOTHING,
    Answer,
    Field,
    RequestTable,
    Status,
    decode_response,
    encode_error,
    encode_pending,
)
from adapters.wire.values import integer
from domain.errors import RemoteProtocolError


class Desk:
    """Doubles numbers, and answers some requests later."""

    def __init__(self) -> None:
        self.points: list[tuple[int, int]] = []
        self.waiting: list[Callable[[int], None]] = []


TABLE: RequestTable[Desk] = RequestTable("a tester")
NUMBER: Field[int] = Field(lambda number: [number], integer)
POINT: Field[tuple[int, int]] = Field(list, lambda x, y: (int(x), int(y)), width=2)
OPTIONAL: Field[int] = Field(lambda number: [number], lambda number=7: int(number))
RESULT: Answer[int, int] = Answer(lambda value: [Status.SUCCESS, value], lambda values: values[0])


@TABLE.immediate(1, NUMBER, answer=RESULT)
def double(_desk: Desk, number: int) -> int:
    return 2 * number


@TABLE.immediate(2, POINT, OPTIONAL, answer=NOTHING, own_only=True)
def add_point(desk: Desk, point: tuple[int, int], factor: int) -> None:
    desk.points.append((point[0] * factor, point[1] * factor))


@TABLE.deferred(3, NUMBER, answer=RESULT)
def double_later(desk: Desk, number: int, respond: Callable[[int], None]) -> None:
    desk.waiting.append(lambda extra: respond(2 * number + extra))


def respond_to(desk: Desk, data: bytes) -> list[list[object]]:
    """Execute a request; return the list that receives the responses."""
    responses: list[list[object]] = []
    TABLE.decode(data).execute(desk, lambda response: responses.append(list(response)))
    return responses


def test_request_is_encoded_as_code_and_arguments():
    assert unpack(double.encode(4)) == [1, 4]
    assert unpack(add_point.encode((1, 2), 3)) == [2, 1, 2, 3]


def test_immediate_request_is_answered_with_the_result():
    assert respond_to(Desk(), double.encode(4)) == [[Status.SUCCESS, 8]]
    assert double.decode_answer([8]) == 8


def test_request_without_a_result_is_answered_with_its_status():
    desk = Desk()
    assert respond_to(desk, add_point.encode((1, 2), 3)) == [[Status.SUCCESS]]
    assert desk.points == [(3, 6)]
    assert add_point.decode_answer([]) is None


def test_deferred_request_is_answered_by_the_callback():
    desk = Desk()
    responses = respond_to(desk, double_later.encode(4))
    assert responses == []
    desk.waiting[0](1)
    assert responses == [[Status.SUCCESS, 9]]


def test_argument_that_an_older_sender_leaves_out_gets_its_default():
    assert TABLE.decode(pack([2, 1, 2])).arguments == [(1, 2), 7]


def test_extensions_of_ours_are_marked():
    assert [request.name for request in TABLE if request.own_only] == ["add_point"]


@pytest.mark.parametrize("value", [None, 1, "x", {}, [], ["1"], [None, 1], [[1]]])
def test_value_that_is_not_a_request_is_rejected(value: object):
    with pytest.raises(RemoteProtocolError, match="a list that begins with an integer"):
        TABLE.decode(pack(value))


def test_unknown_code_is_rejected_with_the_sender():
    with pytest.raises(RemoteProtocolError, match="a tester sent a request of unknown type 9"):
        TABLE.decode(pack([9]))


@pytest.mark.parametrize(
    "value", [[1], [1, "x"], [1, None], [1, 2, 3], [1, float("inf")], [2, 1], [2, 1, 2, 3, 4]]
)
def test_invalid_arguments_are_rejected_with_the_name_of_the_request(value: list[object]):
    name = {1: "double", 2: "add_point"}[value[0]]
    with pytest.raises(RemoteProtocolError, match=f"a tester sent {name} with invalid arguments"):
        TABLE.decode(pack(value))


def test_invalid_answer_is_rejected_with_the_name_of_the_request():
    with pytest.raises(RemoteProtocolError, match="an invalid answer to double"):
        double.decode_answer([])


def test_wrong_number_of_fields_is_rejected_at_the_declaration():
    with pytest.raises(TypeError, match="number of fields"):

        @TABLE.immediate(10, NUMBER, answer=NOTHING)
        def broken(_desk: Desk, one: int, two: int) -> None: ...


def test_duplicate_code_is_rejected_at_the_declaration():
    with pytest.raises(TypeError, match="already in use"):

        @TABLE.immediate(1, NUMBER, answer=RESULT)
        def again(_desk: Desk, number: int) -> int:
            return number


def test_errors_and_pending_responses_carry_a_message():
    assert decode_response(encode_error("no")) == (Status.ERROR, ["no"])
    assert decode_response(encode_pending("later")) == (Status.PENDING, ["later"])


@pytest.mark.parametrize("values", [None, [], [3], ["0"], {}, 0, [None], [[[]]]])
def test_value_that_is_not_a_response_is_rejected(values: object):
    with pytest.raises(RemoteProtocolError, match="invalid response"):
        decode_response(pack(values))
