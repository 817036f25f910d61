"""Which components take turns."""

import pytest

from domain.model.turns import Turns
from tests.support.models import configuration

CALL = """
macro o_i -> micro f_init
micro o_f -> macro s
"""


def pairs(conduits: str) -> set[str]:
    """Return the pairs that take turns, each in alphabetical order."""
    partners = Turns(configuration(conduits).model).partners()
    assert all(one in partners[other] for one in partners for other in partners[one])
    assert all(one not in partners[one] for one in partners)
    return {
        f"{one} {other}" for one in partners for other in partners[one] if str(one) < str(other)
    }


def test_a_macro_and_the_micro_that_it_calls():
    assert pairs(CALL) == {"macro micro"}


def test_not_without_an_answer():
    assert pairs("macro o_i -> micro f_init") == set()


def test_not_with_an_answer_to_another():
    assert pairs("macro o_i -> micro f_init\nmicro o_f -> other s") == set()


def test_a_call_of_a_call():
    text = CALL + "micro o_i -> nano f_init\nnano o_f -> micro s"
    assert pairs(text) == {"macro micro", "macro nano", "micro nano"}


def test_a_call_of_a_call_that_nobody_waits_for():
    assert pairs(CALL + "micro o_i -> nano f_init") == {"macro micro"}


def test_two_that_are_called_at_the_same_time_do_not_with_each_other():
    text = CALL + "macro o_i -> other f_init\nother o_f -> macro s"
    assert pairs(text) == {"macro micro", "macro other"}


def test_a_chain_of_dispatches():
    assert pairs("a o_f -> b f_init\nb o_f -> c f_init") == {"a b", "a c", "b c"}


def test_branches_of_a_chain_do_not_with_each_other():
    assert pairs("a o_f -> b f_init\na o_f -> c f_init") == {"a b", "a c"}


def test_branches_that_come_together():
    text = "a o_f -> b f_init\na o_f -> c f_init\nb o_f -> d f_init\nc o_f -> d f_init"
    assert pairs(text) == {"a b", "a c", "a d", "b d", "c d"}


def test_a_chain_that_is_called_and_answers():
    text = "macro o_i -> a f_init\na o_f -> b f_init\nb o_f -> macro s"
    assert pairs(text) == {"a b", "a macro", "b macro"}


def test_not_the_end_of_a_chain_for_which_its_caller_does_not_wait():
    text = CALL + "micro o_f -> late f_init"
    assert pairs(text) == {"macro micro"}


def test_what_a_component_calls_and_what_comes_after_it():
    assert pairs(CALL + "macro o_f -> after f_init") == {
        "macro micro",
        "after macro",
        "after micro",
    }


def test_what_needs_the_last_message_starts_after_the_sender():
    assert pairs("macro o_i -> last after f_init") == {"after macro"}
    text = CALL + "micro o_f -> last after f_init"
    assert pairs(text) == {"macro micro", "after macro", "after micro"}


def test_what_gets_a_message_again_and_again_starts_after_the_sender():
    text = CALL + "setup o_f -> repeat micro f_init"
    assert pairs(text) == {"macro micro", "micro setup"}
    assert pairs(CALL + "setup o_f -> pad macro s") == {"macro micro", "macro setup", "micro setup"}


def test_models_that_exchange_states_run_side_by_side():
    assert pairs("a o_i -> b s\nb o_i -> a s") == set()


@pytest.mark.parametrize("port", ["f_init", "muscle_settings_in"])
def test_settings_start_a_component_like_anything_else(port):
    assert pairs(f"macro o_i -> micro {port}\nmicro o_f -> macro s") == {"macro micro"}


def test_components_that_have_nothing_to_do_with_each_other_run_side_by_side():
    assert pairs("a\nb\n") == set()
