"""Lists of a type and arguments."""

import pytest

from adapters.wire.packing import pack
from adapters.wire.requests import parse_request
from domain.errors import RemoteProtocolError

PARSERS = {
    1: lambda arguments: ("one", *arguments),
    2: lambda arguments: ("two", int(arguments[0])),
    3: lambda arguments: arguments[0].name,
}


def parse(data):
    return parse_request(data, PARSERS, sender="a tester")


def test_the_type_says_who_makes_it_of_the_arguments():
    assert parse(pack([1, "a", None])) == ("one", "a", None)
    assert parse(pack([2, "7"])) == ("two", 7)


@pytest.mark.parametrize("value", [None, 1, "x", {}, [], ["1"], [None, 1], [[1]]])
def test_what_is_no_request_is_refused(value):
    with pytest.raises(RemoteProtocolError, match="a list that begins with a number"):
        parse(pack(value))


def test_an_unknown_type_is_named_with_who_could_not_make_it():
    with pytest.raises(RemoteProtocolError, match="no request of type 9 that a tester can make"):
        parse(pack([9]))


@pytest.mark.parametrize("value", [[2], [2, "x"], [2, None], [2, float("inf")], [3, "x"]])
def test_wrong_arguments_are_refused_with_the_type(value):
    with pytest.raises(RemoteProtocolError, match=f"type {value[0]} of a tester has the wrong"):
        parse(pack(value))
