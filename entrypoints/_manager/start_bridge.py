"""Connects the thread that starts a run to the thread of the services."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, final

from application.interfaces.clock import Scheduler
from domain.errors import RunError, UsageError
from domain.wording import describe_os_error


class Start(Protocol):
    """Starts a run on the services' thread; calls one of its two callbacks when done."""

    def __call__(
        self, *, started: Callable[[], None], failed: Callable[[Exception], None]
    ) -> None: ...


@final
class StartBridge:
    """Starts a run on the services' thread, once, while the caller's thread waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_used = False
        self._is_over = threading.Event()
        self._error: Exception | None = None

    def begin(self) -> None:
        """Claim the only start.

        Raises:
            UsageError: If it has been claimed before.
        """
        with self._lock:
            if self._is_used:
                msg = "start_all() was called twice: create a new Manager for another run."
                raise UsageError(msg)
            self._is_used = True

    def run(self, start: Start, *, scheduler: Scheduler) -> None:
        """Call `start` on the services' thread, and wait until it completes or is abandoned.

        Raises:
            RunError: If the operating system reported an error, such as a full disk.
            Exception: Any other error that the start failed with.
        """

        def attempt() -> None:
            try:
                start(started=self._is_over.set, failed=self._fail)
            except Exception as error:  # noqa: BLE001 - raised again on the caller's thread
                self._fail(error)

        scheduler.call_soon(attempt)
        self._is_over.wait()
        if isinstance(self._error, OSError):
            msg = f"The programs could not be started: {describe_os_error(self._error)}"
            raise RunError(msg) from self._error
        if self._error is not None:
            raise self._error

    def abandon(self) -> None:
        """Stop waiting, since the services' thread is about to end. Thread-safe."""
        self._is_over.set()

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._is_over.set()
