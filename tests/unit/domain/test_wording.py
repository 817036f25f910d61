import pytest

from domain.wording import counted


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 slots"), (1, "1 slot"), (2, "2 slots"), (1000, "1000 slots")]
)
def test_noun_is_plural_unless_there_is_exactly_one(number: int, text: str) -> None:
    assert counted(number, "slot") == text


def test_ending_of_the_plural_can_be_given() -> None:
    assert counted(2, "process", ending="es") == "2 processes"
