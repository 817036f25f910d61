"""Carrying out the instructions of the run's state machine, and returning results as events."""

from pathlib import Path

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from adapters.in_memory.logbook import InMemoryLogbook
from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.worker import InlineWorker
from application.manager.run_actions import RunActions
from application.manager.status_board import StatusBoard
from domain.coupling.messages import Wait
from domain.identity import Reference
from domain.running.events import InstanceRegistered, InstanceState, RunFinished
from domain.running.log_levels import LogLevel
from domain.running.presence import Presence
from domain.running.process_end import Exited
from domain.running.run_state.events import ErrorOutputRead, PresenceFound, TimerFired
from domain.running.run_state.instructions import (
    AskToSave,
    CancelProcesses,
    CancelTimer,
    FinishRun,
    Log,
    Probe,
    Publish,
    ReadErrorOutput,
    ShowInstance,
    StartTimer,
    Warn,
)
from domain.running.run_state.timers import RunTimer, TimerKind
from entrypoints.log_setup import make_log
from tests.support.models import configuration

PATIENCE = RunTimer(TimerKind.PATIENCE)


class Bench:
    """Stands in for the services that carry out instructions, and records their calls."""

    def __init__(self):
        self.clock = ManualClock()
        self.events = []
        self.done = []
        self.logbook = InMemoryLogbook()
        self.sink = RecordingEventSink()
        self.run_directory = InMemoryRunDirectory(Path("/run"))
        self.board = StatusBoard(configuration("macro").model, clock=self.clock, events=self.sink)
        self.actions = RunActions(
            board=self.board,
            agents=self,
            run_directory=self.run_directory,
            look_for=self.look_for,
            ask_to_save=lambda reason: self.done.append(("ask_to_save", reason)),
            worker=InlineWorker(),
            scheduler=self.clock,
            log=make_log(self.logbook, "INFO"),
            warn=lambda text: self.done.append(("warn", text)),
        )
        self.actions.on_finished(self.done.append)

    def cancel_all(self):
        self.done.append("cancel_all")

    def look_for(self, instance, found):
        self.done.append(("look_for", instance))
        found(Presence.GONE)

    def carry_out(self, *instructions):
        for instruction in instructions:
            self.actions.carry_out(instruction, self.events.append)


@pytest.fixture
def bench():
    return Bench()


@pytest.mark.parametrize(
    ("instruction", "done"),
    [
        (CancelProcesses(), "cancel_all"),
        (AskToSave("the time is over"), ("ask_to_save", "the time is over")),
        (Warn("careful"), ("warn", "careful")),
    ],
)
def test_instruction_for_a_service_calls_it(bench, instruction, done):
    bench.carry_out(instruction)
    assert bench.done == [done]


def test_state_of_an_instance_is_shown(bench):
    wait = Wait("macro", "micro", "s")
    bench.carry_out(ShowInstance("macro", InstanceState.WAITING, waiting_for=wait))
    assert bench.board["macro"].waiting_for == wait
    bench.carry_out(ShowInstance("macro", InstanceState.FAILED, end=Exited(3)))
    assert bench.board["macro"].end == Exited(3)


def test_event_is_published(bench):
    bench.carry_out(Publish(InstanceRegistered("macro")))
    assert bench.sink.events == [InstanceRegistered("macro")]


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.WARNING, LogLevel.ERROR])
def test_log_line_has_its_level(bench, level):
    bench.carry_out(Log(level, "a line"))
    assert [(record.level, record.text) for record in bench.logbook.records] == [(level, "a line")]


def test_timer_fires_once_after_its_seconds(bench):
    bench.carry_out(StartTimer(PATIENCE, 5.0))
    bench.clock.advance(4.9)
    assert bench.events == []
    bench.clock.advance(100.0)
    assert bench.events == [TimerFired(PATIENCE)]


def test_timer_that_is_started_again_is_replaced(bench):
    bench.carry_out(StartTimer(PATIENCE, 5.0), StartTimer(PATIENCE, 50.0))
    bench.clock.advance(49.0)
    assert bench.events == []
    bench.clock.advance(2.0)
    assert bench.events == [TimerFired(PATIENCE)]


def test_cancelled_timer_does_not_fire(bench):
    bench.carry_out(StartTimer(PATIENCE, 5.0), CancelTimer(PATIENCE), CancelTimer(PATIENCE))
    bench.clock.advance(100.0)
    assert bench.events == []


def test_timers_of_different_instances_are_independent(bench):
    timers = [RunTimer(TimerKind.CONNECTION, name) for name in ("macro", "micro")]
    bench.carry_out(*(StartTimer(timer, 5.0) for timer in timers), CancelTimer(timers[0]))
    bench.clock.advance(6.0)
    assert bench.events == [TimerFired(timers[1])]


def test_error_output_is_returned_as_an_event(bench):
    bench.run_directory.outputs[Reference("macro")] = "the last line"
    bench.carry_out(ReadErrorOutput("macro"))
    assert bench.events == [ErrorOutputRead("macro", "the last line")]


def test_probe_result_is_returned_as_an_event_with_its_attempt(bench):
    bench.carry_out(Probe("macro", 7))
    assert bench.done == [("look_for", "macro")]
    assert bench.events == [PresenceFound("macro", 7, Presence.GONE)]


@pytest.mark.parametrize(("output_of", "directory"), [("", ""), ("macro", "/run/instances/macro")])
def test_result_has_the_output_directory(bench, output_of, directory):
    bench.carry_out(FinishRun(RunFinished(succeeded=False), output_of))
    assert bench.done == [RunFinished(succeeded=False, output_directory=directory)]
