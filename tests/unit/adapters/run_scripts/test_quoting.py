"""Data stay data in shell text."""

import subprocess

import pytest

from adapters.run_scripts.quoting import exports, odd_variables, quoted

NASTY = "a 'b' \"c\" $HOME `d` \\ * ; é\n#"


def run(*lines, **environment):
    command = ["/bin/bash", "-c", "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout


@pytest.mark.parametrize("words", [[NASTY], ["", "two words"], ["-n", "--"], []])
def test_words_are_just_these_words(words):
    assert run(f"printf '[%s]' x {quoted(words)}") == "".join(f"[{word}]" for word in ["x", *words])


def test_a_value_is_just_this_value():
    assert run(*exports({"X": NASTY}), 'printf %s "$X"') == NASTY


@pytest.mark.parametrize(("environment", "value"), [({}, ":b c"), ({"X": "a"}, "a:b c")])
def test_a_plus_appends_to_what_is_there_or_to_nothing(environment, value):
    assert run("set -u", *exports({"+X": ":b c"}), 'printf %s "$X"', **environment) == value


def test_names_that_no_shell_allows_are_left_to_another_command():
    variables = {"a-b": "1", "X": "2", "3": "x y", "é": "4"}
    assert exports(variables) == ["export X=2"]
    assert odd_variables(variables) == ["env", "a-b=1", "3=x y", "é=4"]


def test_without_odd_names_there_is_no_such_command():
    assert odd_variables({"X": "1", "+Y": "2"}) == []
