"""Types of command line arguments."""

import argparse
from collections.abc import Callable

import pytest

from entrypoints._command_line.argument_types import (
    not_negative,
    not_negative_count,
    number,
    positive,
    positive_count,
)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (number, "-1.5", -1.5),
        (not_negative, "0", 0.0),
        (positive, "1e3", 1000.0),
        (not_negative_count, "0", 0),
        (positive_count, "7", 7),
    ],
)
def test_valid_number_is_parsed(parse: Callable[[str], float], text: str, value: float):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "reason"),
    [
        (number, "many", "'many' is not a number"),
        (number, "nan", "'nan' is not a number"),
        (not_negative, "-1", "-1 is less than 0"),
        (positive, "0", "0 is not greater than 0"),
        (not_negative_count, "-1", "'-1' is not a whole number of at least 0"),
        (positive_count, "1.5", "'1.5' is not a whole number of at least 1"),
    ],
)
def test_invalid_number_is_rejected(parse: Callable[[str], float], text: str, reason: str):
    with pytest.raises(argparse.ArgumentTypeError) as error:
        parse(text)
    assert str(error.value) == reason
