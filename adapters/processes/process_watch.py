"""Watches processes by file descriptors that refer to them (Linux)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, final

from adapters.io.event_loop import EventLoop
from adapters.processes.process_stat import START_TIME, read_stat
from application.interfaces.process_watch import ProcessWatch
from domain.running.clients import Process


@final
class PidfdProcessWatch(ProcessWatch):
    """Has an event loop wait for a descriptor of each process, which becomes readable at its end.

    On systems without such descriptors, it watches nothing.

    Args:
        loop: Waits for the descriptors; runs on the thread of the manager's services.
    """

    def __init__(self, loop: EventLoop) -> None:
        self._loop = loop
        self._watched: dict[Process, _Watched] = {}

    def watch(self, process: Process, ended: Callable[[], None]) -> None:
        if process in self._watched:
            self._watched[process].callbacks.append(ended)
            return
        if not hasattr(os, "pidfd_open"):
            return
        try:
            descriptor = _Descriptor(os.pidfd_open(process.pid))
        except ProcessLookupError:
            self._loop.call_soon(ended)
            return
        except OSError:  # a kernel without support, or too many open files
            return
        if _start_time(process.pid) != process.started:
            # its id now belongs to another process
            descriptor.close()
            self._loop.call_soon(ended)
            return
        self._watched[process] = _Watched(descriptor, [ended])
        self._loop.watch(descriptor, partial(self._note_end, process))

    def close(self) -> None:
        if self._loop.is_running:
            self._loop.call_soon(self._close_all)
        else:
            self._close_all()

    def _note_end(self, process: Process) -> None:
        if process in self._watched:
            for ended in self._forget(process):
                ended()

    def _close_all(self) -> None:
        for process in list(self._watched):
            self._forget(process)

    def _forget(self, process: Process) -> list[Callable[[], None]]:
        descriptor, callbacks = self._watched.pop(process)
        self._loop.unwatch(descriptor)
        descriptor.close()
        return callbacks


class _Watched(NamedTuple):
    """A process that is watched, which may be the program of several instances."""

    descriptor: _Descriptor
    callbacks: list[Callable[[], None]]


class _Descriptor:
    """A descriptor of a process, which a selector can wait for."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._number)


def _start_time(pid: int) -> int | None:
    try:
        return int(read_stat(f"/proc/{pid}/stat")[START_TIME])
    except OSError:
        return None
