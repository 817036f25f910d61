"""The states of an instance, and the states that are shown to the user."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coupling.messages import Wait
from domain.running.events import InstanceState
from domain.running.process_end import Exited
from domain.running.run_state.instance_life import TRANSITIONS, InstanceLife, Life, Report, Step
from domain.running.run_state.instructions import ShowInstance

WAIT = Wait("macro", "micro", "s")


def reachable(start: Life) -> set[Life]:
    found, left = {start}, [start]
    while left:
        new = set(TRANSITIONS[left.pop()].values()) - found
        found |= new
        left += new
    return found


def after(*steps: Step) -> InstanceLife:
    instance = InstanceLife("macro")
    for step in steps:
        list(instance.take(step))
    return instance


def test_every_state_has_a_row_and_can_be_reached():
    assert set(TRANSITIONS) == set(Life)
    assert reachable(Life.WAITING_TO_START) == set(Life)


def test_every_step_is_used():
    assert {step for row in TRANSITIONS.values() for step in row} == set(Step)


def test_every_state_that_is_shown_exists():
    assert {life.value for life in Life} - {"leaving"} == {state.value for state in InstanceState}


@pytest.mark.parametrize("life", [Life.FAILED, Life.STOPPED])
def test_failed_and_stopped_states_are_final(life):
    assert reachable(life) == {life}


def test_finished_instance_can_fail_or_be_stopped_but_not_run_again():
    assert reachable(Life.FINISHED) == {Life.FINISHED, Life.FAILED, Life.STOPPED}


ENDED = (Life.FINISHED, Life.FAILED, Life.STOPPED)


@pytest.mark.parametrize("life", [life for life in Life if life not in ENDED])
@pytest.mark.parametrize(
    ("step", "end"),
    [(Step.FINISH, Life.FINISHED), (Step.FAIL, Life.FAILED), (Step.STOP, Life.STOPPED)],
)
def test_life_can_end_in_any_state(life, step, end):
    assert TRANSITIONS[life][step] is end


@pytest.mark.parametrize(
    ("steps", "life"),
    [
        ((Step.START, Step.REGISTER), Life.RUNNING),
        ((Step.REGISTER, Step.WAIT), Life.WAITING),
        ((Step.REGISTER, Step.WAIT, Step.GO_ON), Life.RUNNING),
        ((Step.REGISTER, Step.DISCONNECT), Life.DISCONNECTED),
        ((Step.REGISTER, Step.DISCONNECT, Step.RETURN), Life.RUNNING),
        ((Step.REGISTER, Step.LEAVE), Life.LEAVING),
        ((Step.REGISTER, Step.LEAVE, Step.STAY), Life.RUNNING),
        ((Step.REGISTER, Step.LEAVE, Step.REGISTER), Life.RUNNING),
        ((Step.START, Step.WAIT), Life.STARTED),
        ((Step.START, Step.RETURN), Life.STARTED),
    ],
)
def test_steps_lead_through_the_table(steps, life):
    assert after(*steps).life is life


def test_step_that_is_not_in_the_table_shows_nothing():
    assert list(InstanceLife("macro").take(Step.WAIT)) == []


def test_new_state_is_shown_with_wait_and_end():
    instance = after(Step.REGISTER)
    assert list(instance.change_wait(WAIT)) == [
        ShowInstance("macro", InstanceState.WAITING, waiting_for=WAIT)
    ]
    instance.end = Exited(3)
    assert list(instance.take(Step.FAIL)) == [
        ShowInstance("macro", InstanceState.FAILED, end=Exited(3))
    ]


def test_wait_of_an_instance_that_does_not_run_is_ignored():
    instance = after(Step.START)
    assert list(instance.change_wait(WAIT)) == []
    assert instance.wait is None


def test_end_of_an_unknown_wait_shows_nothing():
    assert list(after(Step.REGISTER).change_wait(None)) == []


@pytest.mark.parametrize(
    ("go", "come_back"), [(Step.DISCONNECT, Step.RETURN), (Step.LEAVE, Step.STAY)]
)
def test_wait_continues_after_a_lost_connection(go, come_back):
    instance = after(Step.REGISTER)
    list(instance.change_wait(WAIT))
    list(instance.take(go))
    assert list(instance.resume(come_back)) == [
        ShowInstance("macro", InstanceState.WAITING, waiting_for=WAIT)
    ]
    assert list(instance.resume(come_back)) == []


@pytest.mark.parametrize(
    ("wait", "state"), [(None, InstanceState.RUNNING), (WAIT, InstanceState.WAITING)]
)
def test_leaving_instance_is_shown_in_its_previous_state(wait, state):
    instance = after(Step.REGISTER)
    list(instance.change_wait(wait))
    assert list(instance.take(Step.LEAVE)) == [ShowInstance("macro", state, waiting_for=wait)]


def test_second_registration_clears_reports_and_waits():
    instance = after(Step.REGISTER)
    list(instance.change_wait(WAIT))
    instance.report = Report("out of cheese", None)
    instance.has_deregistered = True
    list(instance.register(is_own=True))
    assert (instance.life, instance.wait, instance.report) == (Life.RUNNING, None, None)
    assert (instance.is_registered, instance.is_own) == (True, True)


def test_user_started_instance_is_awaited_until_it_is_done():
    instance = InstanceLife("macro")
    assert instance.is_awaited
    instance.has_deregistered = True
    assert not instance.is_awaited
    assert not InstanceLife("macro", is_by_hand=False).is_awaited
    assert not InstanceLife("macro", is_given_up=True).is_awaited


@given(st.lists(st.sampled_from(Step)))
def test_shown_state_follows_the_table(steps):
    instance = InstanceLife("macro")
    for step in steps:
        before = instance.life
        shown = list(instance.take(step))
        assert bool(shown) == (step in TRANSITIONS[before])
        if shown and instance.life is not Life.LEAVING and instance.life is not Life.WAITING:
            assert shown[0].state.value == instance.life.value
