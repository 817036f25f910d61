"""Variables and home directories in words of a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.shell_words import Home, Text, Variable, Word, literally, parse_word

VALUES = {"A": "a value", "B": "*"}
HOMES = {"": "/home/me", "you": "/home/you"}


def replaced(text: str) -> str:
    return parse_word(text).replaced(
        lambda name: VALUES.get(name, ""), lambda user: HOMES.get(user, f"~{user}")
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", "a value"),
        ("${A}", "a value"),
        ("-x$A/${B}.py", "-xa value/*.py"),
        ("$UNSET/x", "/x"),
        ("$A_", ""),
        ("${A}_", "a value_"),
        ("$Aé", "a valueé"),
    ],
)
def test_variables_are_replaced(text, expected):
    assert replaced(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~", "/home/me"),
        ("~/x", "/home/me/x"),
        ("~you/x", "/home/you/x"),
        ("~nobody", "~nobody"),
        ("file=~/x", "file=/home/me/x"),
        ("~/$A", "/home/me/a value"),
    ],
)
def test_a_leading_tilde_is_replaced(text, expected):
    assert replaced(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "a b", "*", "$", "$1", "$$", "${}", "${A:-x}", "${A", "$(A)", "`A`", "$((1))"),
        *(
            "x~",
            "x/~/y",
            "--file=~/x",
            "~~",
            "~+",
            "~/"[1:],
            " ~",
            "'a'",
            '"a"',
            "''",
            "\\",
            "\\\\",
        ),
    ],
)
def test_other_shell_syntax_is_not_replaced(text):
    assert replaced(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\$A", "$A"),
        (r"\${A}", "${A}"),
        (r"\\$A", r"\a value"),
        (r"\\\$A", r"\$A"),
        (r"x\$A$A", "x$Aa value"),
        (r"\~/x", "~/x"),
        (r"\\~/x", r"\~/x"),
        (r"f=\~/x", "f=~/x"),
        (r"\x\*", r"\x\*"),
    ],
)
def test_backslash_escapes_a_variable_or_tilde(text, expected):
    assert replaced(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"$A/x"', "a value/x"),
        ("'$A/x'", "$A/x"),
        ('"~/$A"', "~/a value"),
        ('"$UNSET"', ""),
        ('"a" $A "b"', '"a" a value "b"'),
        ('{"a": "$A"}', '{"a": "a value"}'),
        ('"$A', '"a value'),
        (r'"\$A"', '"$A"'),
    ],
)
def test_quotes_are_removed_around_a_word_with_a_variable(text, expected):
    assert replaced(text) == expected


def test_pieces_of_a_word_are_in_order():
    assert parse_word("~you/$A b").pieces == (Home("you"), Text("/"), Variable("A"), Text(" b"))


def test_variable_is_listed_once():
    assert parse_word("$B$A${B}").variables == ("B", "A")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$A", True), ("$A$B", True), ("$A.", False), ('"$A"', False), ("", False), ("~", False)],
)
def test_only_an_unquoted_word_of_variables_can_be_empty(text, expected):
    assert parse_word(text).can_vanish is expected


@given(st.text("$A{}~\\/='\"x "))
def test_literal_word_is_replaced_with_its_text(text):
    word = parse_word(literally(text))
    assert all(isinstance(piece, Text) for piece in word.pieces)
    assert replaced(literally(text)) == text


@given(st.text("$A{}~\\/='\"x "))
def test_pieces_are_never_empty(text):
    assert Text("") not in parse_word(text).pieces
    assert parse_word(text) != Word(()) or text == ""
