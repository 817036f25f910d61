"""Checkpoint rules and requests of a run."""

import pytest

from adapters.in_memory.clock import ManualClock
from application.manager.snapshots.run_checkpoints import CheckpointOptions, RunCheckpoints
from domain.errors import ConfigurationError
from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRangeRule, Checkpoints

CONFIGURED = Checkpoints(wallclock_time=(CheckpointRangeRule(60.0),))


def make(clock: ManualClock, options: CheckpointOptions | None = None) -> RunCheckpoints:
    return RunCheckpoints(CONFIGURED, options or CheckpointOptions(), clock=clock)


def test_rules_without_a_stop_time_are_those_of_the_configuration():
    checkpoints = make(ManualClock(), CheckpointOptions(save_time=10.0))
    assert checkpoints.checkpoints == CONFIGURED
    assert checkpoints.on_request


def test_stop_time_adds_a_rule_for_muscle3_instances():
    clock = ManualClock()
    checkpoints = make(clock, CheckpointOptions(save_time=10.0, stop_at=clock.time() + 100))
    (*configured, last) = checkpoints.checkpoints.wallclock_time
    assert configured == [*CONFIGURED.wallclock_time]
    assert isinstance(last, CheckpointAtRule)
    assert list(last.at) == pytest.approx([90 + number / 10 for number in range(100)])


def test_stop_time_without_save_time_adds_no_rule():
    clock = ManualClock()
    checkpoints = make(clock, CheckpointOptions(stop_at=clock.time() + 100))
    assert checkpoints.checkpoints == CONFIGURED
    assert not checkpoints.on_request


@pytest.mark.parametrize(("save_time", "left"), [(None, 0.0), (None, -5.0), (10.0, 10.0)])
def test_run_without_time_left_is_rejected(save_time, left):
    clock = ManualClock()
    with pytest.raises(ConfigurationError, match="No time is left for this run"):
        make(clock, CheckpointOptions(save_time, clock.time() + left))


@pytest.mark.parametrize(
    ("save_time", "left", "text"),
    [
        (None, -5.0, r"in -5 s\. Choose"),
        (10.0, 5.0, r"in 5 s, 10 s of which are for saving\. Choose"),
    ],
)
def test_error_states_the_time_left_and_the_save_time(save_time, left, text):
    clock = ManualClock()
    with pytest.raises(ConfigurationError, match=f"it has to stop {text}"):
        make(clock, CheckpointOptions(save_time, clock.time() + left))


def test_elapsed_counts_from_the_start_of_the_run():
    clock = ManualClock()
    checkpoints = make(clock)
    clock.advance(2.5)
    assert checkpoints.elapsed() == 2.5


def test_request_to_save_reaches_each_remaining_instance_once():
    checkpoints = make(ManualClock(), CheckpointOptions(save_time=10.0))
    reasons: list[str] = []
    for name in ("macro", "micro"):
        checkpoints.await_request(
            name, lambda reason, name=name: reasons.append(f"{name}: {reason}")
        )
    checkpoints.forget("macro")
    checkpoints.request_all("one")
    checkpoints.request_all("two")
    assert reasons == ["micro: one"]
