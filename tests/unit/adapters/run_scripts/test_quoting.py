"""The shell never executes data in shell text."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.run_scripts.quoting import (
    expanded,
    expanded_arguments,
    exports,
    quoted,
    unexportable_variables,
    with_quoted_folder,
)
from domain.model.shell_words import parse_word

NASTY = "a 'b' \"c\" $HOME `d` \\ * ; é\n#"


def run(*lines, **environment):
    command = ["/bin/bash", "-c", "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout


@pytest.mark.parametrize("words", [[NASTY], ["", "two words"], ["-n", "--"], []])
def test_words_are_quoted_exactly(words):
    assert run(f"printf '[%s]' x {quoted(words)}") == "".join(f"[{word}]" for word in ["x", *words])


def test_environment_values_are_quoted_exactly():
    assert run(*exports({"X": NASTY}), 'printf %s "$X"') == NASTY


@pytest.mark.parametrize(("environment", "value"), [({}, ":b c"), ({"X": "a"}, "a:b c")])
def test_plus_appends_to_a_set_or_unset_variable(environment, value):
    assert run("set -u", *exports({"+X": ":b c"}), 'printf %s "$X"', **environment) == value


def test_variables_with_invalid_shell_names_are_set_by_env():
    variables = {"a-b": "1", "X": "2", "3": "x y", "é": "4"}
    assert exports(variables) == ["export X=2"]
    assert unexportable_variables(variables) == ["env", "a-b=1", "3=x y", "é=4"]


def test_valid_shell_names_need_no_env():
    assert unexportable_variables({"X": "1", "+Y": "2"}) == []


ENVIRONMENT = {"A": NASTY, "HOME": "/home/a b", "EMPTY": ""}


def as_arguments(text: str) -> list[str]:
    """Return the arguments that a program receives."""
    done = run(f"printf '%s\\0' {text} end", **ENVIRONMENT)
    return done.split("\0")[:-2]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("$A", NASTY),
        ("x/${A}/*", f"x/{NASTY}/*"),
        ("~/a b", "/home/a b/a b"),
        ("~", "/home/a b"),
        ("~root/x", "/root/x"),
        ("f=~/x;y", "f=/home/a b/x;y"),
        ("\\~/$(x)", "~/$(x)"),
        ('"$A"', NASTY),
        ('"$EMPTY"', ""),
        ("$UNSET/x", "/x"),
        ("", ""),
    ],
)
def test_expanded_word_stays_one_argument(word, expected):
    assert as_arguments(expanded(word)) == [expected]
    assert as_arguments(expanded_arguments([word])) == [expected]


@pytest.mark.parametrize("word", ["$UNSET", "$EMPTY", "${UNSET}$EMPTY"])
def test_argument_of_empty_variables_is_dropped_as_by_a_shell(word):
    assert (
        as_arguments(expanded_arguments(["a", word, "b"]))
        == ["a", "b"]
        == as_arguments(f"a {word} b")
    )
    assert as_arguments(expanded(word)) == [""]


@given(st.lists(st.text("$A{}~\\/='\"x *;&|<>()`!#\n-", min_size=1)))
@settings(max_examples=50, deadline=None)
def test_bash_expands_words_as_parse_word_does(words):
    values = [
        parse_word(word).replaced(
            lambda name: ENVIRONMENT.get(name, ""),
            lambda user: f"~{user}" if user else ENVIRONMENT["HOME"],
        )
        for word in words
    ]
    expected = [
        value
        for word, value in zip(words, values, strict=True)
        if value or not parse_word(word).can_vanish
    ]
    assert as_arguments(expanded_arguments(words)) == expected


@pytest.mark.parametrize(
    "word",
    [
        *("$X", "${X}/y", "$X$UNSET", "~", "~/y", "f=~/y", "--f=~/y", "~root/y", "~nosuchuser/y"),
        *("\\$X", "\\\\$X", "\\~/y", '"$X"', "'$X'", '"~/$X"', "x~", "$XY"),
    ],
)
def test_words_without_spaces_expand_as_in_muscle3(word):
    """MUSCLE3 inserts the word into its script unquoted."""
    environment = {"X": "value", "HOME": "/home/me"}
    ours, theirs = (
        run(f"printf '[%s]' x {text}", **environment) for text in (expanded_arguments([word]), word)
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$YMMSL_DIR/a.py -n $N", '"$YMMSL_DIR"/a.py -n $N'),
        ("${YMMSL_DIR}/a.py", '"${YMMSL_DIR}"/a.py'),
        ('"$YMMSL_DIR/a.py"', '"$YMMSL_DIR/a.py"'),
        ("'$YMMSL_DIR'", "'$YMMSL_DIR'"),
        (r"\$YMMSL_DIR", r"\$YMMSL_DIR"),
        ("$YMMSL_DIRECTORY", "$YMMSL_DIRECTORY"),
    ],
)
def test_folder_of_the_ymmsl_file_is_quoted_in_shell_text(text, expected):
    assert with_quoted_folder(text) == expected
