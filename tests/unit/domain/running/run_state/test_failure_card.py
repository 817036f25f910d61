"""A failure in a few lines, and the place in the user's code."""

import pytest

from domain.running.run_state.failure_card import MAX_LINES, CodePlace, card, find_code_place

HEADLINE = "Instance 'a' failed: it exited with code 1."

PYTHON = """\
2026-11-28 21:27:57,873: ERROR conjoin: something
Traceback (most recent call last):
  File "/home/me/a.py", line 12, in <module>
    step(state)
    ~~~~^^^^^^^
  File "/home/me/a.py", line 5, in step
    return numpy.linalg.inv(state)
  File "/venv/lib/python3.11/site-packages/numpy/linalg.py", line 500, in inv
    raise LinAlgError(text)
numpy.linalg.LinAlgError: Singular matrix
"""


def test_place_is_the_innermost_line_that_the_user_wrote():
    assert find_code_place(PYTHON) == CodePlace(
        "/home/me/a.py:5",
        "return numpy.linalg.inv(state)",
        "numpy.linalg.LinAlgError: Singular matrix",
    )


def test_frames_of_the_instance_library_are_not_the_place():
    own = '  File "/venv/entrypoints/_instance/tracebacks.py", line 29, in call\n    raise error\n'
    text = PYTHON.partition('  File "/venv')[0] + own + "domain.errors.PortError: no port\n"
    place = find_code_place(text)
    assert place is not None
    assert (place.where, place.error) == ("/home/me/a.py:5", "PortError: no port")


def test_place_of_a_syntax_error_is_the_wrong_line():
    text = (
        'Traceback (most recent call last):\n  File "/home/me/a.py", line 3\n    x = = 1\n'
        "        ^\nSyntaxError: invalid syntax\n"
    )
    assert find_code_place(text) == CodePlace(
        "/home/me/a.py:3", "x = = 1", "SyntaxError: invalid syntax"
    )


def test_place_without_a_source_line_is_found():
    text = 'Traceback (most recent call last):\n  File "<stdin>", line 1, in f\nValueError\n'
    assert find_code_place(text) == CodePlace("<stdin>:1", "", "ValueError")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Segmentation fault",
        "Traceback (most recent call last):\n",
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    f()\n',
    ],
)
def test_output_without_a_complete_traceback_has_no_place(text):
    assert find_code_place(text) is None


def test_last_traceback_counts():
    text = PYTHON + PYTHON.replace("Singular matrix", "Not square")
    place = find_code_place(text)
    assert place is not None
    assert place.error.endswith("Not square")


def test_card_has_the_place_the_error_and_the_victims():
    assert card(HEADLINE, error_output=PYTHON, victims=["b", "c"]).splitlines() == [
        HEADLINE,
        "    at /home/me/a.py:5: return numpy.linalg.inv(state)",
        "    numpy.linalg.LinAlgError: Singular matrix",
        "Because of this, these failed too: b, c.",
    ]


def test_card_has_a_reported_error_once():
    headline = "Instance 'a' failed: before that, it reported an error: Singular matrix."
    assert card(headline, error_output=PYTHON, victims=[]).splitlines() == [
        headline,
        "    at /home/me/a.py:5: return numpy.linalg.inv(state)",
    ]


def test_card_without_a_traceback_has_the_last_lines_of_the_output():
    text = card(HEADLINE, error_output="one\n\ntwo\nthree\nfour\n", victims=[])
    assert text.splitlines()[1:] == [
        "The last lines of its error output were:",
        "    two",
        "    three",
        "    four",
    ]


def test_card_of_a_quiet_failure_is_its_headline():
    assert card(HEADLINE, error_output=" \n", victims=[]) == HEADLINE


def test_card_is_short_whatever_has_happened():
    text = card(
        "x\n" * 20,
        error_output="y" * 10_000 + "\n" * 3 + "z\n" * 9,
        victims=["victim"] * 1000,
        lead=["lost"] * 9,
    )
    assert len(text.splitlines()) <= MAX_LINES
    assert max(map(len, text.splitlines())) < 600
