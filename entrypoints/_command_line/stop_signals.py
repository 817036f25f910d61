"""Ctrl-C and the like end a run in good order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final

from typing_extensions import Self

REASONS: Final = {
    signal.SIGINT: "The run was stopped by Ctrl-C (SIGINT).",
    signal.SIGTERM: "The run was stopped by SIGTERM, which `kill` sends, and a batch system whose"
    " time is up.",
    signal.SIGHUP: "The run was stopped because its terminal was closed (SIGHUP).",
}


class StoppedEarly(KeyboardInterrupt):
    """A signal came before there was a run that could be stopped; the text says which."""


class StopSignals:
    """Has signals stop a run, while it is entered as a context manager.

    Before there is a run they raise StoppedEarly in the main thread, and once it is there they call
    what stops it. Signals that are ignored, as with `nohup`, stay so.
    """

    def __init__(self) -> None:
        self._stop: dict[int, Callable[[str], None]] = {}
        self._old: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in REASONS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._old[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def call(
        self, stop: Callable[[str], None], *, on_term: Callable[[str], None] | None = None
    ) -> None:
        """From now on, call something that returns at once, with the reason in words.

        Args:
            stop: What to call.
            on_term: What to call instead when it is SIGTERM.
        """
        self._stop = dict.fromkeys(REASONS, stop)
        if on_term is not None:
            self._stop[signal.SIGTERM] = on_term

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        reason = REASONS[signal.Signals(number)]
        if not self._stop:
            raise StoppedEarly(reason)
        self._stop[number](reason)
