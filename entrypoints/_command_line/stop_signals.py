"""Stops a run gracefully on Ctrl-C and similar signals."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType

from typing_extensions import Self

from entrypoints._command_line.early_signals import REASONS, end_at_once


class StoppedEarly(KeyboardInterrupt):
    """A signal arrived before the run started; the message names the signal."""


class StopSignals:
    """Context manager that makes signals stop a run.

    At first, signals raise StoppedEarly in the main thread. While a run is being opened, which must
    not be interrupted, the first signal is deferred; a second one ends the process at once, which
    leaves nothing running, because no program has been started. Then they call the function that
    stops the run, and when the result is known they have no effect any more. Ignored signals, as
    with `nohup`, stay ignored.
    """

    def __init__(self) -> None:
        self._is_deferring = False
        self._deferred: int | None = None
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

    def defer(self) -> None:
        """From now on, defer a signal until `call` is called."""
        self._is_deferring = True

    def call(
        self, stop: Callable[[str], None], *, on_term: Callable[[str], None] | None = None
    ) -> None:
        """From now on, call a function on a signal, also on a deferred one, with the reason.

        Args:
            stop: The function to call; it must return immediately.
            on_term: The function to call instead on SIGTERM.
        """
        self._stop = dict.fromkeys(REASONS, stop)
        if on_term is not None:
            self._stop[signal.SIGTERM] = on_term
        if self._deferred is not None:
            self._receive(self._deferred, None)

    def ignore(self) -> None:
        """Ignore signals until the process ends, so that they cannot change its exit code."""
        for number in self._old:
            # unlike a handler, this remains while Python ends
            signal.signal(number, signal.SIG_IGN)
        self._old.clear()

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        reason = REASONS[signal.Signals(number)]
        if self._stop:
            self._stop[number](reason)
        elif not self._is_deferring:
            raise StoppedEarly(reason)
        elif self._deferred is None:
            self._deferred = number
        else:
            end_at_once(number)
