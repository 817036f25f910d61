"""Waits for processes to end, without polling if the system supports that."""

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

from adapters.processes.process_stat import STATE, read_stat

Token = TypeVar("Token")

POLL_INTERVAL: Final = 0.05
"""Seconds between polls of a process, on systems that do not signal its end."""

HAS_PROC: Final = Path("/proc/self/stat").exists()


class EndWatch(Protocol[Token]):
    """Reports which watched processes have ended. It does not reap our own children."""

    @abstractmethod
    def watch(self, pid: int, token: Token) -> None:
        """Make `wait` return the token, once, when the process has ended. Thread-safe."""

    @abstractmethod
    def wait(self, timeout: float | None) -> list[Token]:
        """Wait until processes end, `wake` is called, or time is up. Call from one thread only."""

    @abstractmethod
    def wake(self) -> None:
        """Make `wait` return. Thread-safe."""

    @abstractmethod
    def close(self) -> None:
        """Stop watching. Must not be called during `wait`."""


class _Wakeup:
    """A pipe that wakes up a selector."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._receiver, self._sender = os.pipe()
        os.set_blocking(self._receiver, False)
        os.set_blocking(self._sender, False)
        selector.register(self._receiver, selectors.EVENT_READ, None)

    def ring(self) -> None:
        # if the pipe is full, the selector wakes up anyway
        with contextlib.suppress(BlockingIOError):
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
    """Uses Linux's pidfds: file descriptors that refer to processes."""

    def __init__(self) -> None:
        # epoll allows one thread to register while another one waits
        self._selector = selectors.DefaultSelector()
        self._wakeup = _Wakeup(self._selector)
        self._ended_already: deque[Token] = deque()

    def watch(self, pid: int, token: Token) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._ended_already.append(token)
            self._wakeup.ring()
        else:
            # a tuple, to distinguish a token of None from the wake-up pipe
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
        while self._ended_already:
            ended.append(self._ended_already.popleft())
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
    """Uses one thread per process, where pidfds are not available."""

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
            # remove the thread last: `close` joins the listed threads before it closes the pipe
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
        # the caller has ended the processes, but not reaped them, so the threads end too
        for thread in list(self._threads):
            thread.join()
        self._wakeup.close()
        self._selector.close()


def _wait_for_end(pid: int, pause: Callable[[float], bool]) -> None:
    if hasattr(os, "waitid"):
        try:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            pass  # the process is not our child
        else:
            return
    while is_alive(pid) and not pause(POLL_INTERVAL):
        pass


def is_alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        state = read_stat(f"/proc/{pid}/stat")[STATE]
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
    """Return the best implementation for this system."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return ThreadWatch()
    return PidfdWatch()


def monotonic_deadline(timeout: float | None) -> float | None:
    """Return the deadline for a timeout that starts now."""
    return None if timeout is None else time.monotonic() + timeout
