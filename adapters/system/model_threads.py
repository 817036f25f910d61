"""Examines the threads of a program, to detect whether all of them wait."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, final

from application.interfaces.model_threads import ModelThreads

OWN_PREFIX: Final = "conjoin-"
"""How the names of our own threads begin."""

_FUTEX: Final = {
    "x86_64": "202",
    "aarch64": "98",
    "riscv64": "98",
    "ppc64le": "221",
    "s390x": "238",
}
"""Number of the system call that waits for a lock, by machine."""

_TIMEOUT_ARGUMENT: Final = 4
"""Index of its timeout in /proc/PID/task/TID/syscall, where the number of the call comes first."""

_WAITING_MODULES: Final = frozenset(
    {"threading", "queue", "concurrent.futures._base", "concurrent.futures.thread"}
)
_SERVICE_MODULES: Final = ("concurrent.", "multiprocessing.")
_ACTIVE_STATES: Final = frozenset("RD")


@final
class PythonModelThreads(ModelThreads):
    """Examines all threads of this process, except Conjoin's own.

    A thread waits if it waits for a peer, or without timeout for another thread: in `join`, on a
    lock, a queue, an event or a future. A thread may use the instance if it has done so before, if
    its code refers to the instance, or if it was started by the program and is not a daemon,
    because the program does not exit before that ends. If such a thread waits for another thread,
    any thread may be the one that it waits for, so all must wait. Then no native thread may be
    running either, because the thread may wait for the result of native code.

    The state of a thread is read from /proc. Where that is not possible, waits for locks are not
    recognised, but only those in Python's library.

    Args:
        is_instance: Returns whether a value is an instance.
    """

    def __init__(self, is_instance: Callable[[object], bool]) -> None:
        self._is_instance = is_instance
        self._users: set[int] = set()
        self._waiting: set[int] = set()

    def note_use(self) -> None:
        # Threads that have ended may remain: a later thread with the same number then counts as a
        # user, which is the safe side.
        self._users.add(threading.get_ident())

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        ident = threading.get_ident()
        self._waiting.add(ident)
        try:
            yield
        finally:
            self._waiting.discard(ident)

    def all_wait(self) -> bool:
        others = [thread for thread in threading.enumerate() if not self._waits_for_peer(thread)]
        if not any(map(self._may_use_instance, others)):
            return True
        return all(map(_waits_for_thread, others)) and not _any_runs(_native_threads())

    def _waits_for_peer(self, thread: threading.Thread) -> bool:
        return thread.ident in self._waiting or thread.name.startswith(OWN_PREFIX)

    def _may_use_instance(self, thread: threading.Thread) -> bool:
        if thread.ident in self._users:
            return True
        # the main thread may run the event loop of a user interface; the threads that serve process
        # pools are not daemons either, but never call the model
        is_service = type(thread).__module__.startswith(_SERVICE_MODULES)
        if not (thread.daemon or is_service or thread is threading.main_thread()):
            return True
        from adapters.system.references import refers_to  # imported lazily: rarely needed

        return refers_to(sys._current_frames().get(thread.ident or 0), self._is_instance)


def _waits_for_thread(thread: threading.Thread) -> bool:
    """Return whether a thread waits for another thread, without a timeout."""
    call = _FUTEX.get(os.uname().machine)
    try:
        with open(f"/proc/self/task/{thread.native_id}/syscall") as file:
            values = file.read().split()
    except OSError:
        call = None
    if call is None:
        return _waits_in_library(sys._current_frames().get(thread.ident or 0))
    # other values are "running", or the number of another call, such as that of a sleep
    return values[0] == call and int(values[_TIMEOUT_ARGUMENT], 16) == 0


def _waits_in_library(frame: FrameType | None) -> bool:
    if frame is None or frame.f_globals.get("__name__") not in _WAITING_MODULES:
        return False
    return frame.f_locals.get("timeout") is None


def _native_threads() -> list[str]:
    """Return the numbers of all threads of this process except Conjoin's and the current one."""
    try:
        with os.scandir("/proc/self/task") as entries:
            found = [entry.name for entry in entries]
    except OSError:
        return []
    own = {
        str(thread.native_id)
        for thread in threading.enumerate()
        if thread.name.startswith(OWN_PREFIX)
    }
    return [number for number in found if number not in own | {str(threading.get_native_id())}]


def _any_runs(numbers: list[str]) -> bool:
    for number in numbers:
        try:
            with open(f"/proc/self/task/{number}/stat") as file:
                state = file.read().rpartition(")")[2].split()[0]
        except OSError:  # the thread has just ended
            continue
        if state in _ACTIVE_STATES:
            return True
    return False
