"""Starts, watches and ends processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from adapters.processes import sessions
from adapters.processes.descendants import FIRST_PAUSE, LONGEST_PAUSE, Descendants
from adapters.processes.end_watch import EndWatch, monotonic_deadline, new_end_watch
from adapters.processes.spawning import ProcessSpawner
from application.interfaces.agents import ProcessKeeper
from domain.running.agents import StartCommand
from domain.running.process_end import Exited, Killed, ProcessResult, from_return_code

LEFTOVER_GRACE_TIME: Final = 10.0


@dataclass(eq=False)
class _Process:
    """A process that was started, and the session that it leads.

    It is reaped last: while it remains a zombie, its process ID cannot be reused for another
    session, so signals to the session cannot hit unrelated processes.

    Attributes:
        name: Name under which its end is reported.
        popen: The process.
        end: How it ended; None while it runs.
        kill_at: When to kill what is left of its session; None if not scheduled.
        is_cancelled: Whether its cancellation was requested.
        is_session_asked: Whether the other processes of its session have received SIGTERM.
        is_reported: Whether its end has been reported.
    """

    name: str
    popen: subprocess.Popen[bytes]
    end: Exited | Killed | None = None
    kill_at: float | None = None
    is_cancelled: bool = False
    is_session_asked: bool = False
    is_reported: bool = False

    @property
    def pid(self) -> int:
        return self.popen.pid


@final
class PosixProcessKeeper(ProcessKeeper):
    """Starts each process in a new session.

    When a process ends, the processes left in its session get SIGTERM, and SIGKILL after a grace
    time. The end of a process is reported immediately, but that of a cancelled process only when
    its whole session has ended.

    When a process is cancelled, first only its process group gets SIGTERM, so that a launcher such
    as mpirun can end the others in its own way. They get SIGTERM when it has ended, or after half
    of the grace time.

    Descendants in other sessions may serve several programs, so they are ended together with the
    last ones, by `close`.

    `start` and `cancel_all` may be called while another thread is in `wait_finished`; `close` may
    not. Processes are killed after their grace time only while a thread is in `wait_finished`.

    Args:
        leftover_grace_time: Seconds between SIGTERM and SIGKILL for leftover processes.
        end_with_us: Whether the kernel kills the processes if this one dies without ending them,
            for instance because of SIGKILL or the OOM killer. If so, call `start` on a thread that
            outlives the processes.
        descendants: The descendants of this process, if it is a subreaper. All of them are ended
            then, and those that end are reaped, so there must be no others than those of the
            processes that are started here.
        watch: Reports when processes end; by default the best one for this system.
    """

    def __init__(
        self,
        *,
        leftover_grace_time: float = LEFTOVER_GRACE_TIME,
        end_with_us: bool = False,
        descendants: Descendants | None = None,
        watch: EndWatch[_Process] | None = None,
    ) -> None:
        self._leftover_grace_time = leftover_grace_time
        self._watch: EndWatch[_Process] = new_end_watch() if watch is None else watch
        self._descendants = descendants
        has_group = descendants is not None and descendants.has_group
        self._spawner = ProcessSpawner(
            enter_group=descendants.enter_group if descendants and has_group else None,
            end_with_us=end_with_us,
        )
        self._lock = threading.Lock()
        self._processes: set[_Process] = set()
        self._ask_all_at: float | None = None
        self._cancelled_until: float | None = None
        self._is_woken = False
        self._is_closed = False

    def start(self, command: StartCommand) -> None:
        with self._lock:  # so that its end is not taken for that of an adopted process
            popen = self._spawner.spawn(command)
            process = _Process(command.name, popen)
            self._processes.add(process)
            self._ask_all_at = self._cancelled_until = None
        self._watch.watch(popen.pid, process)

    def wait_finished(self, *, timeout: float | None) -> list[ProcessResult]:
        deadline = monotonic_deadline(timeout)
        while True:
            self._ask_overdue()
            results = self._kill_overdue()
            if results or self._take_wake_up():
                return results
            self._reap_adopted()
            until = _earliest(deadline, self._next_signal())
            left = None if until is None else max(0.0, until - time.monotonic())
            ended = self._watch.wait(left)
            results = self._examine_all(ended)
            if results or (deadline is not None and time.monotonic() >= deadline):
                return results

    def process_ids(self) -> dict[str, int]:
        with self._lock:
            return {process.name: process.pid for process in self._processes}

    def wake_up(self) -> None:
        self._is_woken = True
        self._watch.wake()

    def note_child_ended(self) -> None:
        """Reap adopted processes that have ended. To be called on SIGCHLD, by a signal handler."""
        self._watch.wake()

    def cancel_all(self, *, grace_time: float) -> None:
        now = time.monotonic()
        with self._lock:
            self._cancelled_until = _earliest(self._cancelled_until, now + grace_time)
            self._ask_all_at = _earliest(self._ask_all_at, now + grace_time / 2)
            for process in self._processes:
                if not process.is_cancelled:
                    process.is_cancelled = True
                    sessions.signal_group(process.pid, signal.SIGTERM)
                process.kill_at = _earliest(process.kill_at, now + grace_time)
        self._watch.wake()

    def close(self, *, grace_time: float = 0.0) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            ended = [process for process in self._processes if process.end is not None]
            for process in self._processes.difference(ended):
                sessions.kill_session(process.pid)
            until = self._cancelled_until
            self._end_leftovers(ended, time.monotonic() + grace_time if until is None else until)
            self._watch.close()
            for process in self._processes:
                process.popen.wait()
            self._processes.clear()
            if self._descendants is not None:
                self._descendants.end(until=time.monotonic())

    def _end_leftovers(self, ended: Sequence[_Process], until: float) -> None:
        """End what is left of the sessions of processes that have ended, and other descendants."""
        pids = {process.pid for process in self._processes}
        pause = FIRST_PAUSE
        while time.monotonic() < until:
            for process in ended:
                self._ask_session(process)
            left = any(sessions.members(process.pid) for process in ended)
            if self._descendants is not None:
                self._descendants.ask_to_end(spare=pids)
                left |= self._descendants.reap(spare=pids)
            if not left:
                break
            time.sleep(pause)  # they are not our children, so their end has to be polled
            pause = min(2 * pause, LONGEST_PAUSE)
        for process in ended:
            sessions.kill_session(process.pid)

    def _ask_session(self, process: _Process) -> None:
        """Send SIGTERM, once, to the processes of a session except its leader."""
        if process.is_session_asked:
            return
        process.is_session_asked = True
        asked = sessions.signal_members(process.pid, signal.SIGTERM)
        if self._descendants is not None:
            self._descendants.note_asked(asked)

    def _ask_overdue(self) -> None:
        """Send SIGTERM to all that did not receive it when all processes were cancelled."""
        with self._lock:
            if self._ask_all_at is None or time.monotonic() < self._ask_all_at:
                return
            self._ask_all_at = None
            for process in self._processes:
                self._ask_session(process)
            if self._descendants is not None:
                self._descendants.ask_to_end(spare={process.pid for process in self._processes})

    def _reap_adopted(self) -> None:
        if self._descendants is not None:
            with self._lock:
                self._descendants.reap(spare={process.pid for process in self._processes})

    def _take_wake_up(self) -> bool:
        is_woken, self._is_woken = self._is_woken, False
        return is_woken

    def _next_signal(self) -> float | None:
        with self._lock:
            times = [self._ask_all_at, *(process.kill_at for process in self._processes)]
            return min((time for time in times if time is not None), default=None)

    def _examine_all(self, ended: Sequence[_Process]) -> list[ProcessResult]:
        """Check sessions after their leaders or other processes in them have ended."""
        with self._lock:
            present = [process for process in ended if process in self._processes]
            for process in present:
                if process.end is None:
                    process.end = _end_of(process.popen)
            left = sessions.members_of([process.pid for process in present]) if present else {}
            return [
                result
                for process in present
                for result in self._examine(process, left[process.pid])
            ]

    def _examine(self, process: _Process, left: set[int]) -> list[ProcessResult]:
        if process not in self._processes:
            return []
        if not left:
            return self._finish(process)
        self._ask_session(process)
        if process.kill_at is None:
            process.kill_at = time.monotonic() + self._leftover_grace_time
        self._watch.watch(left.pop(), process)
        return [] if process.is_cancelled else _report(process)

    def _kill_overdue(self) -> list[ProcessResult]:
        now = time.monotonic()
        with self._lock:
            overdue = [
                process
                for process in self._processes
                if process.kill_at is not None and process.kill_at <= now
            ]
            results: list[ProcessResult] = []
            for process in overdue:
                process.kill_at = None
                sessions.kill_session(process.pid)
                if process.end is not None:
                    results += self._finish(process)
            return results

    def _finish(self, process: _Process) -> list[ProcessResult]:
        """Reap the leader of a session that has ended."""
        self._processes.discard(process)
        process.popen.wait()
        return _report(process)


def _end_of(popen: subprocess.Popen[bytes]) -> Exited | Killed:
    """Return how a process ended, if possible without reaping it."""
    if hasattr(os, "waitid"):
        with contextlib.suppress(ChildProcessError):
            status = os.waitid(os.P_PID, popen.pid, os.WEXITED | os.WNOWAIT)
            if status is not None:
                was_killed = status.si_code != os.CLD_EXITED
                return Killed(status.si_status) if was_killed else Exited(status.si_status)
    return from_return_code(popen.wait())


def _report(process: _Process) -> list[ProcessResult]:
    if process.is_reported or process.end is None:
        return []
    process.is_reported = True
    return [ProcessResult(process.name, process.end)]


def _earliest(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
