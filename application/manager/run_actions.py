"""Carries out the instructions of the run's state machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

from structlog.typing import FilteringBoundLogger
from typing_extensions import assert_never

from application.interfaces.clock import Scheduler, Timer
from application.interfaces.node_pool import NodePool
from application.interfaces.run_directory import RunDirectory
from application.interfaces.worker import Worker
from application.manager.status_board import StatusBoard
from domain.identity import Reference
from domain.running.events import RunFinished
from domain.running.presence import Presence
from domain.running.run_state.events import (
    ErrorOutputRead,
    PresenceFound,
    StateEvent,
    TimerFired,
)
from domain.running.run_state.instructions import (
    AskToSave,
    CancelProcesses,
    CancelTimer,
    FinishRun,
    Instruction,
    Log,
    Probe,
    Publish,
    ReadErrorOutput,
    ShowInstance,
    StartTimer,
    Warn,
)
from domain.running.run_state.timers import RunTimer

ERROR_LINES: Final = 20

Handle: TypeAlias = Callable[[StateEvent], None]
LookFor: TypeAlias = Callable[[str, Callable[[Presence], None]], None]


class RunActions:
    """Carries out instructions of the state machine, and returns the results as events.

    Args:
        board: Shows the status of instances, and publishes events.
        agents: Cancels processes.
        run_directory: Provides the output of instances.
        look_for: Checks whether the program of an instance still runs.
        ask_to_save: Requests all instances to save, for a reason.
        worker: Reads files, which may be slow.
        scheduler: Runs timers.
        log: The manager's log.
        warn: Shows a warning to the user, and logs it.
    """

    def __init__(
        self,
        *,
        board: StatusBoard,
        agents: NodePool,
        run_directory: RunDirectory,
        look_for: LookFor,
        ask_to_save: Callable[[str], None],
        worker: Worker,
        scheduler: Scheduler,
        log: FilteringBoundLogger,
        warn: Callable[[str], None],
    ) -> None:
        self._board = board
        self._agents = agents
        self._run_directory = run_directory
        self._look_for = look_for
        self._ask_to_save = ask_to_save
        self._worker = worker
        self._scheduler = scheduler
        self._log = log
        self._warn = warn
        self._listeners: list[Callable[[RunFinished], object]] = []
        self._timers: dict[RunTimer, Timer] = {}

    def on_finished(self, listener: Callable[[RunFinished], object]) -> None:
        """Call back once when the run is over."""
        self._listeners.append(listener)

    def carry_out(self, instruction: Instruction, handle: Handle) -> None:
        """Carry out an instruction.

        Args:
            instruction: The instruction.
            handle: Called with the resulting event, if any, later or before this returns.
        """
        match instruction:
            case ShowInstance(instance, state, waiting_for, end):
                self._board.show(instance, state, waiting_for=waiting_for, end=end)
            case Publish(event):
                self._board.publish(event)
            case Log(level, text):
                self._log.log(level, text)
            case Warn(text):
                self._warn(text)
            case StartTimer() | CancelTimer():
                self._set_timer(instruction, handle)
            case CancelProcesses():
                self._agents.cancel_all()
            case ReadErrorOutput() | Probe():
                self._query(instruction, handle)
            case AskToSave(reason):
                self._ask_to_save(reason)
            case FinishRun(result, output_of):
                self._finish(self._with_output_directory(result, output_of))
            case _:
                assert_never(instruction)

    def _finish(self, result: RunFinished) -> None:
        for listener in self._listeners:
            listener(result)

    def _set_timer(self, instruction: StartTimer | CancelTimer, handle: Handle) -> None:
        old = self._timers.pop(instruction.timer, None)
        if old is not None:
            old.cancel()
        if isinstance(instruction, StartTimer):
            fire = partial(self._fire, instruction.timer, handle)
            self._timers[instruction.timer] = self._scheduler.call_later(instruction.seconds, fire)

    def _fire(self, timer: RunTimer, handle: Handle) -> None:
        del self._timers[timer]
        handle(TimerFired(timer))

    def _query(self, question: ReadErrorOutput | Probe, handle: Handle) -> None:
        name = question.instance
        match question:
            case ReadErrorOutput():
                self._worker.run(
                    lambda: self._run_directory.instance_output_tail(
                        Reference(name), lines=ERROR_LINES
                    ),
                    done=lambda output: handle(ErrorOutputRead(name, output)),
                    failed=lambda error: handle(ErrorOutputRead(name, f"(unreadable: {error})")),
                )
            case Probe(attempt=attempt):

                def answer(presence: Presence) -> None:
                    handle(PresenceFound(name, attempt, presence))

                self._look_for(name, answer)
            case _:
                assert_never(question)

    def _with_output_directory(self, result: RunFinished, instance: str) -> RunFinished:
        if not instance:
            return result
        directory = self._run_directory.instance_path(Reference(instance))
        return replace(result, output_directory=str(directory))
