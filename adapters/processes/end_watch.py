"""Waiting for processes to end, without looking again and again."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar, final

Token = TypeVar("Token")

POLL_INTERVAL: Final = 0.05
"""Seconds between looks at a process for whose end this system has no event."""

HAS_PROC: Final = Path("/proc/self/stat").exists()


class EndWatch(Protocol[Token]):
    """Tells which of a number of processes have ended. Leaves them as zombies if they are ours."""

    @abstractmethod
    def watch(self, pid: int, token: Token) -> None:
        """Have `wait` return the token once when the process has ended. From any thread."""

    @abstractmethod
    def wait(self, timeout: float | None) -> list[Token]:
        """Wait for processes to end, for `wake`, or for the time to be over. From one thread."""

    @abstractmethod
    def wake(self) -> None:
        """Make `wait` return. From any thread."""

    @abstractmethod
    def close(self) -> None:
        """Stop watching. `wait` must not be under way."""


class _Wakeup:
    """A pipe that makes a selector return."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._receiver, self._sender = os.pipe()
        os.set_blocking(self._receiver, False)
        os.set_blocking(self._sender, False)
        selector.register(self._receiver, selectors.EVENT_READ, None)

    def ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it rings already
            os.write(self._sender, b"!")

    def silence(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._receiver, 4096):
                pass

    def close(self) -> None:
        os.close(self._receiver)
        os.close(self._sender)


@final
class PidfdWatch(EndWatch[Token]):
    """Uses Linux's file descriptors that stand for processes."""

    def __init__(self) -> None:
        # epoll allows adding from one thread while another one waits
        self._selector = selectors.DefaultSelector()
        self._wakeup = _Wakeup(self._selector)
        self._gone_already: deque[Token] = deque()

    def watch(self, pid: int, token: Token) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._gone_already.append(token)
            self._wakeup.ring()
        else:
            # as a tuple, so that a token of None is told from the wake-up pipe
            self._selector.register(descriptor, selectors.EVENT_READ, (token,))

    def wait(self, timeout: float | None) -> list[Token]:
        ended: list[Token] = []
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                self._wakeup.silence()
            else:
                self._selector.unregister(key.fd)
                os.close(key.fd)
                ended.append(key.data[0])
        while self._gone_already:
            ended.append(self._gone_already.popleft())
        return ended

    def wake(self) -> None:
        self._wakeup.ring()

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                os.close(key.fd)
        self._wakeup.close()
        self._selector.close()


@final
class ThreadWatch(EndWatch[Token], Generic[Token]):
    """Uses a thread for each process, where there is nothing better."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wakeup = _Wakeup(self._selector)
        self._ended: deque[Token] = deque()
        self._threads: set[threading.Thread] = set()
        self._closed = threading.Event()

    def watch(self, pid: int, token: Token) -> None:
        def run() -> None:
            _wait_for_end(pid, self._closed.wait)
            self._ended.append(token)
            if not self._closed.is_set():
                self._wakeup.ring()
            # last, because `close` waits for those that are there before it closes the pipe
            self._threads.discard(thread)

        thread = threading.Thread(target=run, name=f"conjoin-wait-{pid}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def wait(self, timeout: float | None) -> list[Token]:
        if not self._ended:
            self._selector.select(timeout)
        self._wakeup.silence()
        return [self._ended.popleft() for _ in range(len(self._ended))]

    def wake(self) -> None:
        self._wakeup.ring()

    def close(self) -> None:
        self._closed.set()
        # whoever closes us has ended and not yet reaped the processes, so the threads end as well
        for thread in list(self._threads):
            thread.join()
        self._wakeup.close()
        self._selector.close()


def _wait_for_end(pid: int, pause: Callable[[float], bool]) -> None:
    if hasattr(os, "waitid"):
        try:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            pass  # not one of ours
        else:
            return
    while is_alive(pid) and not pause(POLL_INTERVAL):
        pass


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # the name before it is in parentheses, and may have any character in it
            state = file.read().rpartition(b")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False if HAS_PROC else _is_alive_elsewhere(pid)
    return state not in (b"Z", b"X")


def _is_alive_elsewhere(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def new_end_watch() -> EndWatch[Token]:
    """Return the best that there is on this system."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return ThreadWatch()
    return PidfdWatch()


def monotonic_deadline(timeout: float | None) -> float | None:
    """Return the moment at which a time is over."""
    return None if timeout is None else time.monotonic() + timeout
