"""What instances are told about checkpoints."""

import pytest

from adapters.in_memory.clock import ManualClock
from application.manager.snapshots.run_checkpoints import CheckpointOptions, RunCheckpoints
from domain.errors import ConfigurationError
from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRangeRule, Checkpoints

CONFIGURED = Checkpoints(wallclock_time=(CheckpointRangeRule(60.0),))


def make(clock: ManualClock, options: CheckpointOptions | None = None) -> RunCheckpoints:
    return RunCheckpoints(CONFIGURED, options or CheckpointOptions(), clock=clock)


def test_without_an_end_the_rules_are_those_of_the_configuration():
    checkpoints = make(ManualClock(), CheckpointOptions(save_time=10.0))
    assert checkpoints.checkpoints == CONFIGURED
    assert checkpoints.on_request


def test_before_a_known_end_there_is_a_rule_more_which_serves_muscle3_too():
    clock = ManualClock()
    checkpoints = make(clock, CheckpointOptions(save_time=10.0, stop_at=clock.time() + 100))
    (*configured, last) = checkpoints.checkpoints.wallclock_time
    assert configured == [*CONFIGURED.wallclock_time]
    assert isinstance(last, CheckpointAtRule)
    assert list(last.at) == pytest.approx([90 + number / 10 for number in range(100)])


def test_an_end_alone_makes_no_rule():
    clock = ManualClock()
    checkpoints = make(clock, CheckpointOptions(stop_at=clock.time() + 100))
    assert checkpoints.checkpoints == CONFIGURED
    assert not checkpoints.on_request


@pytest.mark.parametrize(("save_time", "left"), [(None, 0.0), (None, -5.0), (10.0, 10.0)])
def test_a_run_for_which_there_is_no_time_is_refused(save_time, left):
    clock = ManualClock()
    with pytest.raises(ConfigurationError, match="There is no time for this run"):
        make(clock, CheckpointOptions(save_time, clock.time() + left))


@pytest.mark.parametrize(
    ("save_time", "left", "text"),
    [
        (None, -5.0, r"in -5 s\. Choose"),
        (10.0, 5.0, r"in 5 s, of which 10 s are for saving\. Choose"),
    ],
)
def test_it_is_said_how_much_time_there_is_and_what_for(save_time, left, text):
    clock = ManualClock()
    with pytest.raises(ConfigurationError, match=f"it is to be stopped {text}"):
        make(clock, CheckpointOptions(save_time, clock.time() + left))


def test_the_time_of_the_run_goes_on():
    clock = ManualClock()
    checkpoints = make(clock)
    clock.advance(2.5)
    assert checkpoints.elapsed() == 2.5


def test_each_is_asked_once_and_who_has_left_is_not():
    checkpoints = make(ManualClock(), CheckpointOptions(save_time=10.0))
    reasons: list[str] = []
    for name in ("macro", "micro"):
        checkpoints.await_request(
            name, lambda reason, name=name: reasons.append(f"{name}: {reason}")
        )
    checkpoints.forget("macro")
    checkpoints.ask_all("one")
    checkpoints.ask_all("two")
    assert reasons == ["micro: one"]
