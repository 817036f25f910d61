"""Shows a run in a panel that is redrawn as it changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, final

from typing_extensions import override

from adapters.terminal.display_thread import ShowingThread
from adapters.terminal.overview import Overview, printable
from application.interfaces.logbook import EventSink
from domain.running.events import RunEvent

if TYPE_CHECKING:
    from adapters.terminal.panel_view import PanelView

_SECONDS_BETWEEN_DRAWINGS = 0.25


@final
class LivePanel(EventSink):
    """Draws all instances and their states, a few times per second.

    Args:
        model: Name of the model.
        instances: All instances, in order.
        stream: The terminal; written to by one thread, and never closed.
        period: Seconds between drawings.
        output: Returns new lines of the output of programs, to print above the panel.
    """

    def __init__(
        self,
        model: str,
        instances: Sequence[str],
        *,
        stream: TextIO,
        period: float = _SECONDS_BETWEEN_DRAWINGS,
        output: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._model = model
        self._overview = Overview(instances)
        self._stream = stream
        self._output = output
        self._view: PanelView | None = None
        self._start = time.monotonic()
        self._thread = ShowingThread(self._show, name="terminal panel", period=period)

    @override
    def notify(self, event: RunEvent) -> None:
        self._overview.note(event)

    def close(self) -> None:
        """Draw the last state, which stays on the screen, and end the thread. Idempotent."""
        self._thread.close()
        if self._view is not None:
            with suppress(OSError, ValueError):  # The terminal may have been closed.
                self._view.close()
            self._view = None

    def _show(self) -> None:
        if self._view is None:
            # Imported lazily: importing rich takes 80 ms, which must not delay the run.
            from adapters.terminal.panel_view import PanelView

            self._view = PanelView(self._model, stream=self._stream)
        self._view.draw(
            self._overview.statuses(),
            nodes=self._overview.nodes(),
            lines=[*map(printable, self._output()), *self._overview.take_lines()],
            now=time.time(),
            elapsed=time.monotonic() - self._start,
        )
