"""The course of a run, and its result."""

import pytest

from domain.coupling.messages import Wait
from domain.identity import Reference
from domain.running.events import (
    InstanceDeregistered,
    InstanceExited,
    InstanceRegistered,
    InstanceState,
)
from domain.running.failure_kinds import FailureKind
from domain.running.process_end import Exited, Killed, ProcessEnd
from domain.running.run_state.run_phases import LEAVING_PATIENCE, VICTIM_PATIENCE
from domain.version import OWN_VERSION_SUFFIX
from tests.unit.application.manager.runs import deadlock, desk_for, live, register, started


def test_run_succeeds_if_all_instances_finish():
    desk = started()
    for name in ("macro", "micro"):
        live(desk, name)
        assert desk.results == []
        desk.control.note_exit(name, Exited(0))
    (result,) = desk.results
    assert result.succeeded
    assert {status.state for status in desk.board.all()} == {InstanceState.FINISHED}


@pytest.mark.parametrize(
    ("end", "text"),
    [(Exited(3), "code 3"), (Killed(9), "SIGKILL"), (Exited(0), "never registered")],
)
def test_failed_instance_is_named_as_the_cause(end: ProcessEnd, text: str):
    desk = started()
    desk.run_directory.outputs[Reference("macro")] = "the last line"
    desk.control.note_exit("macro", end)
    assert desk.results == []
    desk.control.note_exit("micro", Killed(15))
    (result,) = desk.results
    assert not result.succeeded
    assert result.failed_instances == ("macro",)
    assert text in result.cause
    assert "the last line" in result.cause
    assert desk.board["micro"].state is InstanceState.STOPPED


def test_exit_before_the_end_of_the_reuse_loop_is_a_failure():
    desk = started()
    register(desk, "macro")
    desk.control.note_exit("macro", Exited(0))
    desk.control.note_exit("micro", Killed(15))
    assert "reuse loop was not over" in desk.results[0].cause


def test_lost_peer_failure_is_not_the_cause_even_if_it_is_first():
    desk = started()
    desk.run_directory.outputs[Reference("macro")] = "RuntimeError: did the peer crash?"
    desk.control.note_exit("macro", Exited(1))
    desk.control.note_exit("micro", Exited(7))
    (result,) = desk.results
    assert result.failed_instances == ("micro", "macro")
    assert "code 7" in result.cause


OWN = "0.11.0" + OWN_VERSION_SUFFIX
VICTIM = "RuntimeError: did the peer crash?"


@pytest.mark.parametrize(
    "leave",
    [
        lambda desk: desk.report_failed("micro", "Out of cheese."),
        lambda desk: desk.note_disconnected("micro"),
        lambda desk: desk.deregister_instance("micro"),
    ],
    ids=["reported a failure", "is disconnected", "has deregistered"],
)
def test_instance_about_to_end_that_may_be_the_cause_gets_limited_time(leave):
    for seconds, cause in ((LEAVING_PATIENCE - 0.1, "micro"), (LEAVING_PATIENCE + 0.1, "macro")):
        desk = started()
        register(desk, "macro", "micro")
        leave(desk.desk)
        desk.run_directory.outputs[Reference("macro")] = VICTIM
        desk.control.note_exit("macro", Exited(1))
        desk.clock.advance(VICTIM_PATIENCE)
        desk.clock.advance(seconds)
        desk.control.note_exit("micro", Exited(7))
        assert desk.results[0].failed_instances[0] == cause


@pytest.mark.parametrize("was_lost", [False, True])
def test_wait_for_the_cause_is_shorter_if_no_instance_is_about_to_end(was_lost: bool):
    desk = started()
    register(desk, "macro", "micro")
    if was_lost:
        desk.desk.note_disconnected("micro")
        desk.desk.note_connected("micro")
    desk.run_directory.outputs[Reference("macro")] = VICTIM
    desk.control.note_exit("macro", Exited(1))
    desk.clock.advance(VICTIM_PATIENCE + 0.1)
    desk.control.note_exit("micro", Exited(7))
    assert desk.results[0].failed_instances == ("macro",)


def test_all_members_of_a_deadlock_can_report_it_before_the_run_is_stopped():
    desk = started()
    register(desk, "macro", "micro")
    deadlock(desk, Wait("macro", "micro", "in"), Wait("micro", "macro", "init"))
    desk.control.note_exit("macro", Exited(1))
    desk.clock.advance(VICTIM_PATIENCE - 0.1)
    desk.control.note_exit("micro", Exited(1))
    (result,) = desk.results
    assert result.failed_instances == ("macro", "micro")
    assert "Deadlock" in result.cause
    assert desk.board["micro"].state is InstanceState.FAILED


def test_stopped_run_reports_the_reason():
    desk = started()
    desk.control.stop("The user lost patience.")
    for name in ("macro", "micro"):
        desk.control.note_exit(name, Killed(15))
    (result,) = desk.results
    assert (result.succeeded, result.cause) == (False, "The user lost patience.")


def test_run_waits_for_user_started_instances():
    desk = desk_for()
    live(desk, "macro")
    assert desk.results == []
    assert desk.control.by_hand == {"micro"}
    live(desk, "micro")
    assert desk.results[0].succeeded


def test_run_fails_if_a_user_started_instance_reports_a_failure():
    desk = desk_for()
    register(desk, "macro", "micro")
    desk.desk.report_failed("micro", "Out of cheese.\n")
    assert desk.board["micro"].state is InstanceState.FAILED
    desk.desk.deregister_instance("micro")
    assert desk.results == []
    desk.desk.deregister_instance("macro")
    (result,) = desk.results
    assert not result.succeeded
    assert result.cause == "Instance 'micro' failed: Out of cheese."
    assert result.output_directory == ""
    assert desk.board["micro"].state is InstanceState.FAILED


def test_failure_reported_without_a_reason_names_the_instance():
    desk = desk_for()
    register(desk, "micro")
    desk.desk.report_failed("micro", "")
    desk.clock.advance(LEAVING_PATIENCE)
    assert desk.results[0].cause == "Instance 'micro' failed: it did not report why."


def test_other_instances_get_limited_time_to_leave_after_a_failure():
    desk = desk_for()
    register(desk, "macro", "micro")
    desk.desk.report_failed("micro", "Out of cheese.")
    desk.clock.advance(LEAVING_PATIENCE - 0.1)
    assert desk.results == []
    desk.clock.advance(0.2)
    assert desk.results[0].failed_instances == ("micro",)


def test_reported_lost_peer_of_a_manual_instance_is_not_the_cause():
    desk = desk_for()
    register(desk, "macro", "micro")
    desk.desk.report_failed("macro", "The port was closed. Did the peer crash?")
    desk.desk.deregister_instance("macro")
    desk.desk.report_failed("micro", "Out of cheese.")
    desk.desk.deregister_instance("micro")
    assert desk.results[0].failed_instances == ("micro", "macro")


def test_reported_failure_kind_takes_precedence_over_the_error_message():
    for kinds, failed in (
        ((FailureKind.LOST_PEER, FailureKind.OWN), ("micro", "macro")),
        ((FailureKind.OWN, FailureKind.LOST_PEER), ("macro",)),
        ((FailureKind.DEADLOCK, FailureKind.OWN), ("macro",)),
    ):
        desk = desk_for()
        register(desk, "macro", "micro", version=OWN)
        for name, kind in zip(("macro", "micro"), kinds, strict=True):
            desk.desk.report_failed(name, "Did the peer crash?", kind=kind)
            desk.desk.deregister_instance(name)
        assert desk.results[0].failed_instances == failed


def test_reported_loss_of_a_peer_is_indirect_whatever_the_process_prints():
    desk = started()
    register(desk, "macro", "micro", version=OWN)
    desk.desk.report_failed("macro", "Error 17", kind=FailureKind.LOST_PEER)
    desk.control.note_exit("macro", Killed(9))
    desk.control.note_exit("micro", Exited(7))
    assert desk.results[0].failed_instances == ("micro", "macro")


def test_output_of_own_instances_is_not_searched_for_a_lost_peer():
    desk = started()
    register(desk, "macro", "micro", version=OWN)
    desk.run_directory.outputs[Reference("macro")] = VICTIM
    desk.control.note_exit("macro", Exited(1))
    desk.control.note_exit("micro", Killed(15))
    (result,) = desk.results
    assert result.failed_instances == ("macro",)
    assert desk.board["micro"].state is InstanceState.STOPPED


def test_failure_reported_without_a_kind_is_classified_by_its_message():
    desk = desk_for()
    register(desk, "macro", "micro", version=OWN)
    desk.desk.report_failed("macro", "The port was closed. Did the peer crash?")
    desk.desk.report_failed("micro", "Out of cheese.")
    for name in ("macro", "micro"):
        desk.desk.deregister_instance(name)
    assert desk.results[0].failed_instances == ("micro", "macro")


def test_failure_while_the_run_is_stopped_is_not_the_cause():
    desk = started(manual=("micro",))
    register(desk, "macro", "micro")
    desk.control.stop("The user lost patience.")
    desk.desk.report_failed("micro", "Did the peer crash?")
    desk.control.note_exit("macro", Killed(15))
    (result,) = desk.results
    assert result.cause == "The user lost patience."
    assert desk.board["micro"].state is InstanceState.STOPPED


def test_stop_by_the_user_does_not_wait_for_instances_that_leave():
    desk = desk_for()
    register(desk, "macro", "micro")
    desk.desk.report_failed("micro", "Out of cheese.")
    desk.control.stop("The user lost patience.")
    assert desk.results[0].failed_instances == ("micro",)


def test_failure_of_an_agent_started_instance_is_judged_by_its_process_end():
    desk = started()
    register(desk, "micro")
    desk.desk.report_failed("micro", "Out of cheese.")
    assert desk.board["micro"].state is InstanceState.RUNNING
    desk.desk.deregister_instance("micro")
    desk.control.note_exit("micro", Exited(3))
    desk.control.note_exit("macro", Killed(15))
    (result,) = desk.results
    assert result.failed_instances == ("micro",)
    assert result.cause == "Instance 'micro' failed: it exited with code 3."


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("The mesh is inside out.\n", "The mesh is inside out."),
        ("a tangled mesh", "a tangled mesh."),
        ("", "it did not report which."),
    ],
)
def test_exit_code_0_after_a_reported_error_is_a_failure_with_that_error(error: str, shown: str):
    desk = started()
    register(desk, "macro", "micro")
    desk.desk.report_failed("micro", error)
    desk.desk.deregister_instance("micro")
    desk.control.note_exit("micro", Exited(0))
    assert desk.board["micro"].state is InstanceState.FAILED
    desk.control.note_exit("macro", Killed(15))
    (result,) = desk.results
    assert not result.succeeded
    assert result.failed_instances == ("micro",)
    assert result.cause == (
        "Instance 'micro' failed: it exited with code 0; before that, it reported an error: "
        + shown
    )


def test_reported_loss_of_a_peer_is_not_the_cause_if_another_instance_reports_more():
    desk = started()
    register(desk, "macro", "micro")
    desk.desk.report_failed("macro", "The port was closed. Did the peer crash?")
    desk.control.note_exit("macro", Exited(0))
    desk.desk.report_failed("micro", "The mesh is inside out.")
    desk.control.note_exit("micro", Exited(0))
    (result,) = desk.results
    assert result.failed_instances == ("micro", "macro")
    assert "The mesh is inside out." in result.cause


def test_error_reported_before_a_second_registration_is_ignored():
    desk = started()
    register(desk, "macro", "micro")
    desk.desk.report_failed("micro", "The mesh is inside out.")
    for name in ("micro", "macro"):
        desk.desk.deregister_instance(name)
    live(desk, "micro")
    for name in ("micro", "macro"):
        desk.control.note_exit(name, Exited(0))
    assert desk.results[0].succeeded


def test_exit_code_0_after_a_reported_error_counts_as_stopped_while_the_run_is_stopped():
    desk = started()
    register(desk, "macro", "micro")
    desk.control.stop("The user lost patience.")
    desk.desk.report_failed("micro", "Did the peer crash?")
    for name in ("micro", "macro"):
        desk.control.note_exit(name, Exited(0))
    assert desk.results[0].cause == "The user lost patience."
    assert desk.board["micro"].state is InstanceState.STOPPED


def test_user_started_instance_can_be_the_cause_of_a_lost_peer_failure():
    desk = started(manual=("micro",))
    register(desk, "macro", "micro")
    desk.run_directory.outputs[Reference("macro")] = "RuntimeError: did the peer crash?"
    desk.control.note_exit("macro", Exited(1))
    assert desk.results == []
    desk.desk.report_failed("micro", "Out of cheese.")
    desk.desk.deregister_instance("micro")
    assert desk.results[0].failed_instances == ("micro", "macro")


def test_subscribers_are_notified_of_every_step():
    desk = started()
    live(desk, "macro")
    desk.control.note_exit("macro", Exited(0))
    kinds = [type(event) for event in desk.sink.events]
    order = [kinds.index(k) for k in (InstanceRegistered, InstanceDeregistered, InstanceExited)]
    assert order == sorted(order)


def test_process_end_is_judged_after_earlier_error_output_has_been_read():
    desk = started()
    desk.worker.is_busy = True
    desk.control.note_exit("macro", Exited(3))
    desk.control.note_exit("micro", Killed(15))
    assert desk.results == []
    desk.worker.work_off()
    (result,) = desk.results
    assert result.failed_instances == ("macro",)
    assert desk.board["micro"].state is InstanceState.STOPPED
