import pytest

from domain.wording import counted, shortened


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 slots"), (1, "1 slot"), (2, "2 slots"), (1000, "1000 slots")]
)
def test_noun_is_plural_unless_there_is_exactly_one(number: int, text: str) -> None:
    assert counted(number, "slot") == text


def test_ending_of_the_plural_can_be_given() -> None:
    assert counted(2, "process", ending="es") == "2 processes"


def test_middle_of_a_long_text_is_left_out() -> None:
    text = shortened("a" * 100 + "b" * 100, 10)
    assert text == "aaaaa [190 characters left out] bbbbb"


def test_short_text_is_not_shortened() -> None:
    assert shortened("text", 4) == "text"
