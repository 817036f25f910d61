"""A thread that waits for sockets and timers, and makes callbacks."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, final

from application.interfaces.clock import Scheduler, Timer

READABLE: Final = selectors.EVENT_READ
WRITABLE: Final = selectors.EVENT_WRITE
TURN: Final = 0.005
LATE: Final = 1.0
"""Seconds by which a timer is late if this process was suspended or got no CPU time."""
GRACE: Final = 1.0
"""Seconds to process the input that arrived meanwhile, before late timers fire."""


class Watched(Protocol):
    """A socket, or an object that encrypts what passes through one."""

    def fileno(self) -> int:
        """Return the file descriptor; -1 once it is closed."""

    def close(self) -> None:
        """Close it."""


@final
class ScheduledCall(Timer):
    """A call that the loop's thread makes at a given time."""

    __slots__ = ("callback", "is_postponed")

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback
        self.is_postponed = False

    def cancel(self) -> None:
        self.callback = None


@final
class EventLoop(Scheduler):
    """Makes calls one at a time, on its own thread.

    No call may block. If one raises, the error is reported, and the loop continues. After this
    process was suspended, the loop first processes input for a while before it makes late calls.

    Args:
        name: Name of the thread.
        turn: Maximum number of seconds to spend on calls queued by `call_soon` before sockets and
            timers are checked again.
    """

    def __init__(self, name: str, *, turn: float = TURN) -> None:
        self._turn = turn
        self._error_listeners: list[Callable[[str], None]] = []
        self._last_calls: list[Callable[[], None]] = []
        self._selector = selectors.DefaultSelector()
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._calls: deque[Callable[[], None]] = deque()
        self._background_calls: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, ScheduledCall]] = []
        self._timer_numbers = itertools.count()
        self._is_woken = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.is_closing = False

    def on_error(self, listener: Callable[[str], None]) -> None:
        """Add a listener that receives internal errors as text. Call this before `start`."""
        self._error_listeners.append(listener)

    def at_end(self, callback: Callable[[], None]) -> None:
        """Register a call to make when the loop ends. Call this before `start`."""
        self._last_calls.append(callback)

    def start(self) -> None:
        """Start the thread."""
        for sock in (self._wake_receiver, self._wake_sender):
            sock.setblocking(False)
        self.watch(self._wake_receiver, self._drain_wake_ups)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the loop has been started and has not ended."""
        return self._thread.is_alive()

    @property
    def is_this_thread(self) -> bool:
        """Whether the caller is on the loop's thread."""
        return threading.current_thread() is self._thread

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._calls.append(callback)
        if not self._is_woken:
            self._is_woken = True
            # a closed loop makes no calls, so it need not be woken
            with contextlib.suppress(OSError):
                self._wake_sender.send(b"\0")

    def call_in_background(self, callback: Callable[[], None]) -> None:
        """Make a call after all others that are due. On the loop's thread only.

        Between two such calls, the loop looks for other work, so that it delays none by more than
        one call.
        """
        self._background_calls.append(callback)

    def call_later(self, delay: float, callback: Callable[[], None]) -> ScheduledCall:
        call = ScheduledCall(callback)
        due = time.monotonic() + delay
        heapq.heappush(self._timers, (due, next(self._timer_numbers), call))
        return call

    def watch(self, sock: Watched, callback: Callable[[], None], *, events: int = READABLE) -> None:
        """Make a callback whenever a socket is ready. Call this on the loop's thread only.

        Args:
            sock: The socket.
            callback: The callback, which replaces an earlier one for this socket.
            events: When the socket is ready: `READABLE`, `WRITABLE`, or both combined.
        """
        key = self._selector.get_map().get(sock)
        if key is None:
            self._selector.register(sock, events, callback)
        elif (key.events, key.data) != (events, callback):
            self._selector.modify(sock, events, callback)

    def unwatch(self, sock: Watched) -> None:
        """Stop watching a socket. Call this on the loop's thread only."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def close_soon(self, sock: Watched) -> None:
        """Stop watching a socket, and close it. Thread-safe."""

        def close() -> None:
            self.unwatch(sock)
            sock.close()

        if self._thread.is_alive():
            self.call_soon(close)
        else:
            sock.close()

    def close(self) -> None:
        """Make the last calls, and join the thread. Pending timers are dropped."""
        if self._thread.is_alive():
            self.call_soon(self._stop)
            if not self.is_this_thread:
                self._thread.join()
        else:
            self._release()

    def _release(self) -> None:
        self._wake_receiver.close()
        self._wake_sender.close()
        self._selector.close()

    def _stop(self) -> None:
        self.is_closing = True

    def _run(self) -> None:
        while not self.is_closing:
            # Read the clock before polling the sockets: pending input is then processed before any
            # timer that became due meanwhile, even if this thread was descheduled for long.
            now = time.monotonic()
            for key, _ in self._selector.select(self._time_to_next_timer(now)):
                if not self._call(key.data):
                    # the callback would fail repeatedly, and the socket may even be closed
                    with contextlib.suppress(KeyError, ValueError):
                        self._selector.unregister(key.fileobj)
            self._make_due_calls(now)
            if self._background_calls:
                self._call(self._background_calls.popleft())
        for callback in self._last_calls:
            self._call(callback)
        self._release()

    def _drain_wake_ups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_receiver.recv(4096)
        # Clear the flag last: a byte sent in between then causes only a spurious wake-up. If the
        # flag were cleared first, this could drain a byte whose sender relies on it.
        self._is_woken = False

    def _time_to_next_timer(self, now: float) -> float | None:
        if self._calls or self._background_calls:
            return 0.0
        return max(0.0, self._timers[0][0] - now) if self._timers else None

    def _call(self, callback: Callable[[], None]) -> bool:
        """Make a callback; return whether it succeeded."""
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - a failing callback must not end the loop
            for listener in self._error_listeners:
                listener(f"internal error: {with_traceback(error)}")
            return False
        return True

    def _make_due_calls(self, now: float) -> None:
        end = time.monotonic() + self._turn
        for _ in range(len(self._calls)):
            self._call(self._calls.popleft())
            if time.monotonic() > end:
                break  # make the remaining calls after checking sockets and timers
        while self._timers and self._timers[0][0] <= now:
            due, number, call = heapq.heappop(self._timers)
            if call.callback is None:
                continue
            if now > due + LATE and not call.is_postponed:
                # Others may have sent in time what this timer waits for: read that first, which may
                # take several turns, such as to accept a connection.
                call.is_postponed = True
                heapq.heappush(self._timers, (now + GRACE, number, call))
            else:
                self._call(call.callback)


def with_traceback(error: Exception) -> str:
    """Return the text of an error with its traceback."""
    import traceback

    return "".join(traceback.format_exception(error)).rstrip()
