"""Instances save before a run is stopped from outside."""

import pytest

from application.manager.snapshots.run_checkpoints import CheckpointOptions
from domain.running.events import StopRequested
from domain.running.run_state.saving import TIME_IS_OVER
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

OWN, THEIRS = "0.11.0+conjoin", "0.11.0"
REASON = "the user wants it"


def desk_for(*, save_time: float | None = 30.0, ends_in: float | None = None) -> InMemoryServices:
    made = configuration(
        """macro o_i -> micro f_init
           micro o_f -> macro s
        """
    )
    now = 1.7e9  # the start time of a manual clock
    stop_at = None if ends_in is None else now + ends_in
    return InMemoryServices(made, CheckpointOptions(save_time, stop_at))


def join(desk: InMemoryServices, *, macro: str = OWN, micro: str = OWN) -> list[str]:
    """Have both register and await a request; return the list of the reasons they receive."""
    reasons: list[str] = []
    for name, version in (("macro", macro), ("micro", micro)):
        desk.desk.register_instance(name, ["tcp:here:1"], (), version)
        if version == OWN:
            desk.desk.await_checkpoint_request(name, reasons.append)
    return reasons


def test_stop_requests_snapshots_and_waits_for_a_workflow_snapshot():
    desk = desk_for()
    reasons = join(desk)
    desk.end.stop(REASON)
    assert reasons == [REASON, REASON]
    assert desk.results == []
    desk.end.note_announced()
    assert [(result.cause, result.was_interrupted) for result in desk.results] == [(REASON, True)]
    assert StopRequested(REASON, 30.0) in desk.sink.events


def test_workflow_snapshot_before_the_request_does_not_stop_the_run():
    desk = desk_for()
    join(desk)
    desk.end.note_announced()
    assert desk.results == []


def test_run_is_stopped_without_a_workflow_snapshot_after_the_save_time():
    desk = desk_for()
    join(desk)
    desk.end.stop(REASON)
    desk.clock.advance(29.9)
    assert desk.results == []
    desk.clock.advance(0.2)
    assert len(desk.results) == 1


def test_second_request_stops_the_run_at_once():
    desk = desk_for()
    join(desk)
    desk.end.stop(REASON)
    desk.end.stop("now!")
    assert [result.cause for result in desk.results] == ["now!"]


@pytest.mark.parametrize("save_time", [None, 30.0])
def test_run_without_save_time_or_instances_is_stopped_at_once(save_time):
    desk = desk_for(save_time=save_time)
    if save_time is None:
        join(desk)
    desk.end.stop(REASON)
    assert len(desk.results) == 1
    assert not any(isinstance(event, StopRequested) for event in desk.sink.events)


def test_run_is_stopped_at_once_if_some_instances_cannot_be_requested_to_save():
    desk = desk_for()
    reasons = join(desk, micro=THEIRS)
    desk.end.stop(REASON)
    assert reasons == []
    assert len(desk.results) == 1
    assert StopRequested(REASON, 0.0, ("micro",)) in desk.sink.events


@pytest.mark.parametrize("micro", [OWN, THEIRS])
def test_own_instances_are_requested_to_save_before_the_end_of_the_allocation(micro: str):
    desk = desk_for(ends_in=100.0)
    desk.end.expect()
    reasons = join(desk, micro=micro)
    desk.clock.advance(69.9)
    assert reasons == []
    desk.clock.advance(0.2)
    assert set(reasons) == {TIME_IS_OVER}
    assert desk.results == []
    desk.clock.advance(30)
    assert [result.cause for result in desk.results] == [TIME_IS_OVER]


def test_instances_that_register_during_the_save_time_are_requested_to_save():
    desk = desk_for(ends_in=100.0)
    desk.end.expect()
    desk.clock.advance(80)
    assert desk.results == []
    assert join(desk) == [TIME_IS_OVER, TIME_IS_OVER]
    desk.end.note_announced()
    assert [result.cause for result in desk.results] == [TIME_IS_OVER]


def test_late_instance_is_requested_to_save():
    desk = desk_for()
    desk.desk.register_instance("macro", ["tcp:here:1"], (), OWN)
    desk.end.stop(REASON)
    assert join_micro(desk) == [REASON]


def join_micro(desk: InMemoryServices) -> list[str]:
    reasons: list[str] = []
    desk.desk.register_instance("micro", ["tcp:here:1"], (), OWN)
    desk.desk.await_checkpoint_request("micro", reasons.append)
    return reasons


def test_run_without_save_time_is_stopped_at_the_end_of_the_allocation():
    desk = desk_for(save_time=None, ends_in=100.0)
    desk.end.expect()
    reasons = join(desk)
    desk.clock.advance(100)
    assert reasons == []
    assert [result.cause for result in desk.results] == [TIME_IS_OVER]
