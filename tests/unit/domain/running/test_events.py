"""The events of a run, and its result."""

import pytest

from domain.errors import InstanceFailed, RunError
from domain.running.events import InstanceStarted, RunFinished


def test_result_of_a_failed_run_raises_an_error_with_the_instances():
    result = RunFinished(succeeded=False, cause="'a' failed", failed_instances=("a", "b"))
    with pytest.raises(InstanceFailed, match="'a' failed") as error:
        result.raise_for_failure()
    assert error.value.instances == ("a", "b")


def test_result_of_a_stopped_run_raises_an_error_with_the_cause():
    with pytest.raises(RunError, match="was stopped") as error:
        RunFinished(succeeded=False, cause="It was stopped.").raise_for_failure()
    assert type(error.value) is RunError


def test_result_of_a_completed_run_raises_no_error():
    RunFinished(succeeded=True, warnings=("odd",)).raise_for_failure()


def test_times_of_events_do_not_count_when_they_are_compared():
    assert InstanceStarted("a", "n", time=1.0) == InstanceStarted("a", "n", time=2.0)


def test_event_can_be_matched_by_position_without_its_time():
    match InstanceStarted("a", "n", time=1.0):
        case InstanceStarted(instance, node):
            assert (instance, node) == ("a", "n")
