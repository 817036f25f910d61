import pytest

from domain.wording import counted, on_one_line, without_controls


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 slots"), (1, "1 slot"), (2, "2 slots"), (1000, "1000 slots")]
)
def test_noun_is_plural_unless_there_is_exactly_one(number: int, text: str) -> None:
    assert counted(number, "slot") == text


def test_ending_of_the_plural_can_be_given() -> None:
    assert counted(2, "process", ending="es") == "2 processes"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07\x1b[31mred", "\\x1b]0;title\\x07\\x1b[31mred"),
        ("\x9b31m \x85 \x7f \x00", "\\x9b31m \\x85 \\x7f \\x00"),
        ("over\rwritten", "over\\rwritten"),
        (
            "\u202eoverride\u202c \u2066isolate\u2069",
            "\\u202eoverride\\u202c \\u2066isolate\\u2069",
        ),
        ("\u2028line\ud800", "\\u2028line\\ud800"),
        ("größer\u00a0░ 👩\u200d🔬\tend", "größer\u00a0░ 👩\u200d🔬\tend"),
    ],
)
def test_control_characters_become_visible_escapes(text: str, shown: str) -> None:
    assert without_controls(text) == on_one_line(text) == shown


def test_line_breaks_stay_where_several_lines_are_meant() -> None:
    assert without_controls("one\r\ntwo\nthree") == "one\ntwo\nthree"
    assert on_one_line("one\r\ntwo\nthree") == "one\\ntwo\\nthree"


def test_escaping_control_characters_twice_changes_nothing() -> None:
    once = without_controls("\x1b\\x1b")
    assert without_controls(once) == once
