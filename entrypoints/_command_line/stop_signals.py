"""Stops a run gracefully on Ctrl-C and similar signals."""

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
    """A signal arrived before the run started; the message names the signal."""


class StopSignals:
    """Context manager that makes signals stop a run.

    Before the run starts, signals raise StoppedEarly in the main thread. After that, they call the
    function that stops the run. Signals that are ignored, as with `nohup`, stay ignored.
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
        """From now on, call a function on a signal, with the reason as text.

        Args:
            stop: The function to call; it must return immediately.
            on_term: The function to call instead on SIGTERM.
        """
        self._stop = dict.fromkeys(REASONS, stop)
        if on_term is not None:
            self._stop[signal.SIGTERM] = on_term

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        reason = REASONS[signal.Signals(number)]
        if not self._stop:
            raise StoppedEarly(reason)
        self._stop[number](reason)
