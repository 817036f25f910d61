"""Delivers events to subscribed callbacks on one named thread."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable
from typing import TypeAlias, final

from application.interfaces.logbook import EventSink
from domain.running.events import RunEvent

Callback: TypeAlias = Callable[[RunEvent], object]
ErrorCallback: TypeAlias = Callable[[str], None]


@final
class CallbackEventSink(EventSink):
    """Calls each subscriber for each event, in order, on a thread named `conjoin-events`.

    Args:
        on_error: Called with a message when a callback raises.
    """

    def __init__(self, *, on_error: ErrorCallback) -> None:
        self._on_error = on_error
        self._callbacks: list[Callback] = []
        self._at_end: list[Callable[[], object]] = []
        self._events: deque[RunEvent] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def subscribe(
        self, callback: Callback, *, at_end: Callable[[], object] | None = None
    ) -> Callable[[], None]:
        """Call back for each event from now on.

        Args:
            callback: Called with each event.
            at_end: Called when the sink is closed and all events have been delivered.

        Returns:
            A function that unsubscribes `callback`.
        """
        with self._changed:
            self._callbacks.append(callback)
            if at_end is not None:
                self._at_end.append(at_end)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="conjoin-events", daemon=True
                )
                self._thread.start()
        return lambda: self._unsubscribe(callback)

    def notify(self, event: RunEvent) -> None:
        with self._changed:
            if self._thread is not None and not self._is_closed:
                self._events.append(event)
                self._changed.notify()

    def close(self) -> None:
        """Deliver the remaining events and end the thread. Idempotent."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _unsubscribe(self, callback: Callback) -> None:
        with self._changed:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._events or self._is_closed)
                if not self._events:
                    break
                event = self._events.popleft()
                callbacks = list(self._callbacks)
            for callback in callbacks:
                self._call(callback, event)
        for at_end in self._at_end:
            at_end()

    def _call(self, callback: Callback, event: RunEvent) -> None:
        try:
            callback(event)
        except Exception as error:  # noqa: BLE001 - a subscriber's mistake must not end the run
            self._on_error(
                f"A subscriber raised {type(error).__name__} on {type(event).__name__}: {error}"
                f"{_place_of(error)}"
            )


def _place_of(error: Exception) -> str:
    """Return in which line of the callback an error was raised; empty if that is unknown."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # without ours
    if not frames:
        return ""
    last = next(frame for frame in reversed(frames) if frame.filename == frames[0].filename)
    return f" ({last.filename}, line {last.lineno}, in {last.name}: {last.line})"
