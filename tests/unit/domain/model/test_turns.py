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


def test_caller_and_called_component_take_turns():
    assert pairs(CALL) == {"macro micro"}


def test_components_do_not_take_turns_if_no_result_returns_to_the_caller():
    assert pairs("macro o_i -> micro f_init") == set()


def test_components_do_not_take_turns_if_the_result_goes_to_another_component():
    assert pairs("macro o_i -> micro f_init\nmicro o_f -> other s") == set()


def test_nested_calls_all_take_turns():
    text = CALL + "micro o_i -> nano f_init\nnano o_f -> micro s"
    assert pairs(text) == {"macro micro", "macro nano", "micro nano"}


def test_nested_call_without_a_result_takes_no_turns():
    assert pairs(CALL + "micro o_i -> nano f_init") == {"macro micro"}


def test_components_called_at_the_same_time_do_not_take_turns():
    text = CALL + "macro o_i -> other f_init\nother o_f -> macro s"
    assert pairs(text) == {"macro micro", "macro other"}


def test_chain_of_dispatches_takes_turns():
    assert pairs("a o_f -> b f_init\nb o_f -> c f_init") == {"a b", "a c", "b c"}


def test_parallel_branches_of_a_chain_do_not_take_turns():
    assert pairs("a o_f -> b f_init\na o_f -> c f_init") == {"a b", "a c"}


def test_component_after_joining_branches_takes_turns_with_both():
    text = "a o_f -> b f_init\na o_f -> c f_init\nb o_f -> d f_init\nc o_f -> d f_init"
    assert pairs(text) == {"a b", "a c", "a d", "b d", "c d"}


def test_called_chain_that_returns_a_result_takes_turns_with_its_caller():
    text = "macro o_i -> a f_init\na o_f -> b f_init\nb o_f -> macro s"
    assert pairs(text) == {"a b", "a macro", "b macro"}


def test_end_of_a_chain_that_the_caller_does_not_wait_for_takes_no_turns():
    text = CALL + "micro o_f -> late f_init"
    assert pairs(text) == {"macro micro"}


def test_called_component_takes_turns_with_the_successor_of_its_caller():
    assert pairs(CALL + "macro o_f -> after f_init") == {
        "macro micro",
        "after macro",
        "after micro",
    }


def test_receiver_behind_a_last_filter_starts_after_the_sender():
    assert pairs("macro o_i -> last after f_init") == {"after macro"}
    text = CALL + "micro o_f -> last after f_init"
    assert pairs(text) == {"macro micro", "after macro", "after micro"}


def test_receiver_behind_a_repeating_filter_starts_after_the_sender():
    text = CALL + "setup o_f -> repeat micro f_init"
    assert pairs(text) == {"macro micro", "micro setup"}
    assert pairs(CALL + "setup o_f -> pad macro s") == {"macro micro", "macro setup", "micro setup"}


def test_models_that_exchange_states_do_not_take_turns():
    assert pairs("a o_i -> b s\nb o_i -> a s") == set()


@pytest.mark.parametrize("port", ["f_init", "muscle_settings_in"])
def test_settings_port_starts_a_component_like_any_f_init_port(port):
    assert pairs(f"macro o_i -> micro {port}\nmicro o_f -> macro s") == {"macro micro"}


def test_unconnected_components_do_not_take_turns():
    assert pairs("a\nb\n") == set()
