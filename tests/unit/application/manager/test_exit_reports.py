"""Failures are reported with their output, which is read in the background."""

import pytest

from adapters.in_memory.run_directory import InMemoryRunDirectory
from domain.identity import Reference
from domain.running.events import InstanceState
from domain.running.process_end import SUCCESS, Exited
from tests.support.desks import InMemoryDesk
from tests.unit.application.manager.runs import live, started


@pytest.fixture
def desk() -> InMemoryDesk:
    desk = started()
    desk.worker.is_busy = True
    desk.run_directory.outputs[Reference("macro")] = "the last words"
    return desk


def test_failure_is_reported_with_its_output_once_that_is_read(desk: InMemoryDesk):
    desk.exits.note_exit("macro", Exited(3))
    assert desk.board["macro"].state is InstanceState.STARTED
    desk.worker.work_off()
    assert desk.board["macro"].state is InstanceState.FAILED
    desk.exits.note_exit("micro", Exited(0))
    assert "the last words" in desk.results[0].cause


def test_success_is_reported_without_reading(desk: InMemoryDesk):
    live(desk, "macro")
    desk.exits.note_exit("macro", SUCCESS)
    assert desk.board["macro"].state is InstanceState.FINISHED


def test_exits_are_reported_in_their_order(desk: InMemoryDesk):
    live(desk, "micro")
    desk.exits.note_exit("macro", Exited(3))
    desk.exits.note_exit("micro", SUCCESS)
    assert desk.board["micro"].state is not InstanceState.FINISHED
    desk.worker.work_off()
    assert desk.results[0].failed_instances == ("macro",)
    assert desk.board["micro"].state is InstanceState.FINISHED


def test_exits_during_a_stop_are_reported_without_reading(desk: InMemoryDesk):
    desk.control.stop("enough")
    for name in ("macro", "micro"):
        desk.exits.note_exit(name, Exited(3))
    assert desk.results[0].cause == "enough"


def test_output_that_cannot_be_read_is_left_out(
    desk: InMemoryDesk, monkeypatch: pytest.MonkeyPatch
):
    def fail(_self: object, _instance: Reference, *, lines: int) -> str:
        raise OSError(lines)

    monkeypatch.setattr(InMemoryRunDirectory, "instance_output_tail", fail)
    desk.exits.note_exit("macro", Exited(3))
    desk.worker.work_off()
    assert desk.board["macro"].state is InstanceState.FAILED
