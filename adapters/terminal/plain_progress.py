"""Reports the progress of a run in plain lines, for logs and pipes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO, final

from typing_extensions import override

from adapters.terminal.display_thread import ShowingThread
from adapters.terminal.overview import Overview, printable, summary, time_span
from application.interfaces.logbook import EventSink
from domain.running.events import InstanceState, RunEvent
from domain.wording import counted

_SECONDS_BETWEEN_LOOKS = 0.25
_LOOKS_BETWEEN_SUMMARIES = 20


@final
class PlainProgress(EventSink):
    """Prints notable events as they occur, and the state of the run every five seconds.

    Args:
        model: Name of the model.
        instances: All instances, in order.
        stream: Stream to print to; only one thread writes to it, and it is never closed.
        period: Seconds between checks for new events. Every twentieth check prints a summary if it
            has changed.
        output: Returns new lines of the output of programs, to print.
    """

    def __init__(
        self,
        model: str,
        instances: Sequence[str],
        *,
        stream: TextIO,
        period: float = _SECONDS_BETWEEN_LOOKS,
        output: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._overview = Overview(instances)
        self._stream = stream
        self._output = output
        self._lines = [f"Running {model}: {counted(len(instances), 'instance')}"]
        self._looks = 0
        self._last_summary = ""
        self._thread = ShowingThread(self._show, name="terminal progress", period=period)

    @override
    def notify(self, event: RunEvent) -> None:
        self._overview.note(event)

    def close(self) -> None:
        """Print what is left and end the thread. Idempotent."""
        self._thread.close()

    def _show(self) -> None:
        output = map(printable, self._output())
        lines = [*self._lines, *output, *self._overview.take_lines(), *self._due_summary()]
        self._lines = []
        if lines:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()

    def _due_summary(self) -> list[str]:
        self._looks += 1
        statuses = self._overview.statuses()
        is_over = all(status.state in _ENDED for status in statuses)
        if self._looks % _LOOKS_BETWEEN_SUMMARIES and not is_over:
            return []
        time = time_span(statuses)
        text = summary(statuses) + (f"; simulated time {time}" if time else "")
        if text == self._last_summary:
            return []
        self._last_summary = text
        return [text]


_ENDED = (InstanceState.FINISHED, InstanceState.FAILED, InstanceState.STOPPED)
