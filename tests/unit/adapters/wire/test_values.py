"""Validation of single received values."""

import pytest

from adapters.wire.values import MAX_MESSAGE, MAX_NAME, integer, name, optional, printable, text


def test_string_is_accepted_as_text():
    assert text("macro") == "macro"


@pytest.mark.parametrize("value", [None, 5, b"macro", ["macro"]])
def test_other_value_is_rejected_as_text(value: object):
    with pytest.raises(TypeError, match="expected a string"):
        text(value)


def test_integer_is_accepted():
    assert integer(-3) == -3


@pytest.mark.parametrize("value", [None, 1.0, "1", True])
def test_other_value_is_rejected_as_integer(value: object):
    with pytest.raises(TypeError, match="expected an integer"):
        integer(value)


def test_optional_value_may_be_none_and_is_checked_otherwise():
    assert optional(integer, None) is None
    assert optional(integer, 3) == 3
    with pytest.raises(TypeError):
        optional(integer, "3")


def test_undecodable_bytes_are_escaped():
    assert printable("caf\udce9 é") == "caf\\udce9 é"


def test_long_message_is_cut_so_that_its_request_is_accepted():
    cut = printable("\udce9" * (MAX_MESSAGE + 5))
    assert cut.endswith("\\udce9 … (5 more characters)")
    assert len(cut.encode()) < 2**22
    assert printable("x" * MAX_MESSAGE) == "x" * MAX_MESSAGE


def test_name_that_would_take_long_to_parse_is_rejected():
    assert name("a" * MAX_NAME) == "a" * MAX_NAME
    with pytest.raises(ValueError, match="expected a name, got 4097 characters"):
        name("a" * (MAX_NAME + 1))
