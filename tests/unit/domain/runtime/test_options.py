"""Keywords that belong to the runtime."""

from domain.runtime.options import CALL_WORDS, CREATION_WORDS, reserved_names_in, split_keywords


def test_keywords_of_the_runtime_are_split_from_those_of_the_method():
    own, rest = split_keywords({"runtime": 1, "x": 2, "lazy": True}, CALL_WORDS)
    assert own == {"runtime": 1, "lazy": True}
    assert rest == {"x": 2}


def test_creation_takes_the_words_of_calls_too():
    assert CALL_WORDS < CREATION_WORDS


def test_words_of_creation_are_those_of_the_specification():
    assert {
        "len",
        "uid",
        "name",
        "cached",
        "safe",
        "max_restarts",
        "max_concurrency",
    } == CREATION_WORDS - CALL_WORDS


def test_reserved_names_are_found_in_a_class():
    assert reserved_names_in(["run", "uid", "cancel"]) == ["cancel", "uid"]
