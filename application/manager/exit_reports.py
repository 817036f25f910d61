"""Reports of processes that have ended, with the end of their error output."""

from __future__ import annotations

from functools import partial
from typing import Final, final

from application.interfaces.run_directory import RunDirectory
from application.interfaces.worker import Worker
from application.manager.run_control import RunControl
from domain.identity import Reference
from domain.running.process_end import ProcessEnd

ERROR_LINES: Final = 20
"""How many lines of the error output are read."""


@final
class ExitReports:
    """Adds the end of the error output to reports of failures, in the background.

    Reports reach the control in the order in which the processes have ended.

    Args:
        control: Gets the reports.
        run_directory: Where the output of instances is.
        worker: Reads it.
    """

    def __init__(self, *, control: RunControl, run_directory: RunDirectory, worker: Worker) -> None:
        self._control = control
        self._run_directory = run_directory
        self._worker = worker
        self._pending = 0

    def note_exit(self, name: str, end: ProcessEnd) -> None:
        """Report that the process of an instance has ended, with its output if that matters."""
        if self._pending == 0 and not self._control.blames(name, end):
            self._control.note_exit(name, end)
            return
        self._pending += 1
        self._worker.run(
            lambda: self._run_directory.instance_output_tail(Reference(name), lines=ERROR_LINES),
            done=partial(self._report, name, end),
            failed=lambda _: self._report(name, end, ""),
        )

    def _report(self, name: str, end: ProcessEnd, output: str) -> None:
        self._pending -= 1
        self._control.note_exit(name, end, error_output=output)
