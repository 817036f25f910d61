"""Reactions to the requests of instances."""

import pytest

from domain.coupling.messages import Wait
from domain.running.events import (
    DeadlockFound,
    InstanceDeregistered,
    InstanceRegistered,
    InstanceState,
)
from domain.running.failure_kinds import FailureKind
from domain.running.run_state.events import (
    DeadlockDetected,
    Deregistered,
    FailureReported,
    Registered,
    StopCommanded,
    WaitChanged,
)
from domain.running.run_state.instructions import Log, Publish, ShowInstance
from domain.running.run_state.run_phases import LEAVING_PATIENCE, PATIENCE
from tests.unit.domain.running.run_state.runs import NAMES, Run

WAIT = Wait("macro", "micro", "s")


def test_registered_instance_is_shown_as_running_before_the_event_is_published():
    assert Run().handle(Registered("macro", is_own=True)) == [
        ShowInstance("macro", InstanceState.RUNNING),
        Publish(InstanceRegistered("macro")),
    ]


def test_user_started_instance_finishes_when_it_deregisters():
    run = Run()
    run.register("macro")
    assert run.handle(Deregistered("macro")) == [
        Publish(InstanceDeregistered("macro")),
        ShowInstance("macro", InstanceState.FINISHED),
    ]


def test_agent_started_instance_is_still_running_after_it_deregisters():
    run = Run(*NAMES)
    run.register("macro")
    run.handle(Deregistered("macro"))
    assert run.states["macro"] is InstanceState.RUNNING


def test_wait_is_shown_while_it_lasts():
    run = Run()
    run.register("macro")
    assert run.handle(WaitChanged("macro", WAIT)) == [
        ShowInstance("macro", InstanceState.WAITING, waiting_for=WAIT)
    ]
    assert run.handle(WaitChanged("macro", None)) == [ShowInstance("macro", InstanceState.RUNNING)]


def test_failure_of_a_user_started_instance_gives_others_time_to_leave():
    run = Run()
    run.register(*NAMES)
    run.handle(FailureReported("micro", "out of cheese", FailureKind.OWN))
    assert run.states["micro"] is InstanceState.FAILED
    assert run.timers == {PATIENCE: LEAVING_PATIENCE}
    assert run.is_cancelling
    run.handle(*map(Deregistered, NAMES))
    assert run.result.cause == "Instance 'micro' failed: out of cheese."


def test_failure_of_a_user_started_instance_is_ignored_while_the_run_is_stopped():
    run = Run("macro")
    run.register(*NAMES)
    run.handle(StopCommanded("enough", is_interruption=True))
    run.handle(FailureReported("micro", "a peer is gone", FailureKind.LOST_PEER))
    assert run.states["micro"] is InstanceState.STOPPED


def test_failure_of_an_agent_started_instance_waits_for_its_process():
    run = Run(*NAMES)
    run.register(*NAMES)
    run.handle(FailureReported("micro", "out of cheese", FailureKind.OWN))
    assert run.states["micro"] is InstanceState.RUNNING
    assert not run.is_cancelling


def test_deadlock_is_logged_and_published():
    run = Run(*NAMES)
    log, published = run.handle(DeadlockDetected((WAIT, Wait("micro", "macro", "f_init"))))
    assert isinstance(log, Log)
    assert "'macro' waits on port 's' for 'micro'" in log.text
    assert published == Publish(DeadlockFound((WAIT, Wait("micro", "macro", "f_init"))))


def test_event_about_an_unknown_instance_is_an_error():
    with pytest.raises(KeyError):
        Run().handle(Registered("nobody", is_own=True))
