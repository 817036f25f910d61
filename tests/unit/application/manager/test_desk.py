"""Dispatch of requests to the manager's services."""

import pytest

from adapters.in_memory.run_directory import InMemoryRunDirectory
from domain.coupling.messages import LogRecord, Wait
from domain.errors import ConfigurationError, CouplingError, ManagerRefused
from domain.identity import Reference
from domain.model.checkpoint_rules import CheckpointInfo
from domain.running.events import DeadlockFound, InstanceState, LogRecorded, SnapshotFailed
from domain.running.failure_kinds import FailureKind
from domain.running.process_end import Exited, Killed
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration
from tests.unit.application.manager.runs import LOOP, deadlock, desk_for, register, started


def test_wait_changes_the_status_and_deadlock_is_published():
    desk = desk_for()
    register(desk, "macro", "micro")
    deadlock(desk, Wait("macro", "micro", "s"), Wait("micro", "macro", "f_init"))
    assert desk.board["macro"].state is InstanceState.WAITING
    assert [event for event in desk.sink.events if isinstance(event, DeadlockFound)]
    desk.desk.waiting_for_receive_done(Wait("macro", "micro", "s"))
    assert desk.board["macro"].state is InstanceState.RUNNING


def test_simulation_time_of_a_muscle3_instance_comes_from_its_profile():
    desk = desk_for()
    register(desk, "macro")
    events = [
        ProfileEvent(ProfileEventType.SEND, 0, 1, message_timestamp=time) for time in (1.0, 2.5)
    ]
    desk.desk.submit_profile_events("macro", events)
    assert desk.board["macro"].simulated_time == 2.5
    assert desk.profiles.events[Reference("macro")] == events


def test_log_record_is_stored_and_published():
    desk = desk_for()
    record = LogRecord("macro", 0.0, 30, "hm")
    desk.desk.submit_log_message(record)
    assert desk.logbook.records == [record]
    assert LogRecorded(record) in desk.sink.events


def test_control_characters_in_reports_reach_neither_logs_nor_events_nor_the_cause():
    desk = desk_for()
    register(desk, "macro", "micro")
    desk.desk.submit_log_message(LogRecord("ma\x1bcro", 0.0, 30, "\x1b]0;title\x07"))
    desk.desk.report_status("macro", 0.0, Wait("macro", "mi\x07cro", "s\n"))
    desk.desk.report_snapshot_failed("macro", "\x1b[2J")
    assert desk.board["macro"].waiting_for == Wait("macro", "mi\\x07cro", "s\\n")
    desk.desk.report_failed("micro", "\x1b[31mred", kind=FailureKind.OWN)
    desk.desk.deregister_instance("micro")
    desk.desk.deregister_instance("macro")
    record = LogRecord("ma\\x1bcro", 0.0, 30, "\\x1b]0;title\\x07")
    assert record in desk.logbook.records
    assert LogRecorded(record) in desk.sink.events
    assert SnapshotFailed("\\x1b[2J", "macro") in desk.sink.events
    assert desk.results[0].cause == "Instance 'micro' failed: \\x1b[31mred."


def shut_down_with_an_error(desk: InMemoryServices, name: str) -> None:
    """Do what MUSCLE3's library does in `error_shutdown`."""
    desk.desk.submit_log_message(LogRecord(name, 1.0, 50, "The mesh is inside out."))
    events = [ProfileEvent(ProfileEventType.SHUTDOWN, 1_100_000_000, 1_200_000_000)]
    desk.desk.submit_profile_events(name, events)
    desk.desk.deregister_instance(name)


def test_error_shutdown_of_muscle3_followed_by_exit_code_0_fails_the_run():
    desk = started()
    register(desk, "macro", "micro")
    shut_down_with_an_error(desk, "micro")
    desk.control.note_exit("micro", Exited(0))
    desk.control.note_exit("macro", Killed(15))
    (result,) = desk.results
    assert result.failed_instances == ("micro",)
    assert "it reported an error: The mesh is inside out." in result.cause


def test_error_shutdown_of_a_manually_started_instance_of_muscle3_fails_the_run():
    desk = desk_for()
    register(desk, "macro", "micro")
    shut_down_with_an_error(desk, "micro")
    assert desk.board["micro"].state is InstanceState.FAILED
    desk.desk.deregister_instance("macro")
    assert desk.results[0].cause == "Instance 'micro' failed: The mesh is inside out."


def test_critical_message_of_our_own_instance_is_not_an_error_shutdown():
    desk = desk_for()
    register(desk, "macro", "micro", version="0.11.0+conjoin")
    shut_down_with_an_error(desk, "micro")
    desk.desk.deregister_instance("macro")
    assert desk.results[0].succeeded


@pytest.mark.parametrize("name", ["unknown", "macro[1]", "a b"])
def test_requests_of_unknown_instances_are_rejected(name: str):
    desk = desk_for().desk
    for request in (
        lambda: desk.submit_profile_events(name, []),
        lambda: desk.await_checkpoint_info(name, print),
        lambda: desk.is_deadlocked(name),
        lambda: desk.waiting_for_receive(Wait(name, "macro", "p")),
        lambda: desk.report_status(name, 0.0, None),
        lambda: desk.get_peers(name),
        lambda: desk.deregister_instance(name),
    ):
        with pytest.raises(ManagerRefused):
            request()


@pytest.mark.parametrize(
    ("place", "own", "theirs"),
    [
        ("", "macro", "micro"),
        ("/kept/run", "/kept/run", "/kept/run"),
        ("s3://kept/run", "s3://kept/run", "micro"),
    ],
)
def test_store_at_a_url_is_passed_only_to_our_own_instances(place, own, theirs):
    desk = InMemoryServices(configuration(LOOP), snapshot_store=place)
    register(desk, "macro", version="0.11.0+conjoin")
    register(desk, "micro", version="0.11.0")
    reported = [checkpoint_info(desk, name).snapshot_directory for name in ("macro", "micro")]
    in_run = {
        name: str(desk.run_directory.instance_directory(Reference(name)) / "snapshots")
        for name in ("macro", "micro")
    }
    assert reported == [in_run.get(own, own), in_run.get(theirs, theirs)]


def checkpoint_info(desk: InMemoryServices, name: str) -> CheckpointInfo:
    answers: list[CheckpointInfo | CouplingError] = []
    desk.desk.await_checkpoint_info(name, answers.append)
    (answer,) = answers
    assert isinstance(answer, CheckpointInfo)
    return answer


def test_checkpoint_info_waits_for_the_directory_of_the_snapshots():
    desk = desk_for()
    register(desk, "macro")
    desk.worker.is_busy = True
    answers: list[object] = []
    desk.desk.await_checkpoint_info("macro", answers.append)
    assert answers == []
    desk.worker.work_off()
    directory = desk.run_directory.instance_path(Reference("macro"))
    assert directory in desk.run_directory.made
    (answer,) = answers
    assert answer.snapshot_directory == str(directory / "snapshots")


def test_error_of_a_directory_that_cannot_be_created_is_the_answer(monkeypatch: pytest.MonkeyPatch):
    def fail(_self: object, _instance: Reference) -> None:
        msg = "the disk is full"
        raise ConfigurationError(msg)

    monkeypatch.setattr(InMemoryRunDirectory, "instance_directory", fail)
    desk = desk_for()
    register(desk, "macro")
    answers: list[object] = []
    desk.desk.await_checkpoint_info("macro", answers.append)
    assert [str(answer) for answer in answers] == ["the disk is full"]


def test_directory_of_a_started_program_exists():
    desk = started()
    register(desk, "macro")
    desk.worker.is_busy = True
    directory = desk.run_directory.instance_path(Reference("macro"))
    assert checkpoint_info(desk, "macro").snapshot_directory == str(directory / "snapshots")
