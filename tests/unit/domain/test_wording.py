import pytest

from domain.wording import (
    counted,
    describe_os_error,
    on_one_line,
    ordinal,
    shortened,
    without_controls,
)


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


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (23, "23rd")],
)
def test_ordinal_has_the_ending_of_its_last_digits(number, text):
    assert ordinal(number) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(13, "Permission denied", "/x"), "'/x': Permission denied."),
        (OSError(28, "No space left on device"), "No space left on device. Free some space, or"),
        (OSError("the tape is full."), "the tape is full."),
        (OSError(), "OSError."),
    ],
)
def test_error_of_the_operating_system_is_a_sentence(error, text):
    assert describe_os_error(error).startswith(text)
