"""The descendants of a process, in whatever session and process group they are (Linux).

When a process ends, its children become children of its nearest ancestor that is a subreaper.
So a subreaper can find all its descendants, and has none left when it has no children.

The watchdog uses this module, so it imports little.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection
from functools import partial

from adapters.processes.pid_signals import send_if
from adapters.processes.process_stat import PARENT, read_stat
from adapters.processes.run_group import RunGroup

FIRST_PAUSE = 0.002
LONGEST_PAUSE = 0.1
"""Seconds between looks at processes of which the kernel does not report the end to us."""

KILL_TIME = 10.0
"""Seconds for processes to end after SIGKILL; one blocked in the kernel may never end."""


def children(pid: int) -> list[int]:
    """Return the children of a process, including zombies; of all its threads."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - many times faster
    except OSError:
        return found
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
        except FileNotFoundError:
            # the thread ended, or the kernel was built without these files
            if not os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children"):  # noqa: PTH110
                return _children_by_scan(pid)
        except OSError:
            pass  # it ended
    return found


def _children_by_scan(pid: int) -> list[int]:
    names = os.listdir("/proc")  # noqa: PTH208 - many times faster
    return [int(name) for name in names if name.isdecimal() and parent_of(int(name)) == pid]


def parent_of(pid: int) -> int | None:
    """Return the parent of a process; None if the process does not exist."""
    try:
        return int(read_stat(f"/proc/{pid}/stat")[PARENT])
    except OSError:
        return None


def descendants(root: int) -> dict[int, int]:
    """Return the parent of each descendant of a process, by process ID.

    While processes start others, some may be missed.
    """
    found: dict[int, int] = {}
    parents = [root]
    for parent in parents:
        for child in children(parent):
            if child not in found:
                found[child] = parent
                parents.append(child)
    return found


class Descendants:
    """The descendants of this process, which must be a subreaper.

    Args:
        group: The control group that they are in; None if there is none.
    """

    def __init__(self, group: RunGroup | None = None) -> None:
        self._group = group
        self._asked: set[int] = set()

    @property
    def has_group(self) -> bool:
        """Whether there is a control group."""
        return self._group is not None

    def enter_group(self) -> None:
        """Put the calling process, a new descendant, in the control group."""
        if self._group is not None:
            self._group.enter()

    def ask_to_end(self, *, spare: Collection[int] = ()) -> int:
        """Send SIGTERM to each descendant that has not received it from here yet.

        Args:
            spare: Processes to leave alone.

        Returns:
            How many received it.
        """
        sent = self._signal(signal.SIGTERM, spare={*spare, *self._asked})
        self._asked |= sent
        return len(sent)

    def note_asked(self, pids: Collection[int]) -> None:
        """Record that processes received SIGTERM otherwise."""
        self._asked.update(pids)

    def kill(self) -> None:
        """Send SIGKILL to each descendant."""
        if self._group is not None:
            self._group.kill()
        self._signal(signal.SIGKILL)

    def reap(self, *, spare: Collection[int] = ()) -> bool:
        """Reap the children that have ended.

        Args:
            spare: Children that others reap.

        Returns:
            Whether any other children remain.
        """
        remain = False
        for child in children(os.getpid()):
            if child not in spare:
                remain |= not _reaped(child)
        return remain

    def end(self, *, until: float, pause: Callable[[float], object] = time.sleep) -> bool:
        """End all descendants: by SIGTERM, and by SIGKILL from a time on.

        Args:
            until: The time, of the monotonic clock.
            pause: Waits for a number of seconds.

        Returns:
            Whether all have ended. One that is blocked in the kernel may not end.
        """
        has_ended = self._end(until, pause)
        if self._group is not None:
            self._group.remove()
        return has_ended

    def _end(self, until: float, pause: Callable[[float], object]) -> bool:
        seconds = FIRST_PAUSE
        while has_children():
            now = time.monotonic()
            if now >= until + KILL_TIME:
                return False
            if now < until:
                self.ask_to_end()
            else:
                self.kill()
            self.reap()
            if has_children():
                pause(seconds)
                seconds = min(2 * seconds, LONGEST_PAUSE)
        return True

    def _signal(self, number: signal.Signals, *, spare: Collection[int] = ()) -> set[int]:
        found = descendants(os.getpid())
        return {
            pid
            for pid, parent in found.items()
            if pid not in spare and send_if(pid, number, is_meant=partial(_is_child, pid, parent))
        }


def has_children() -> bool:
    """Whether this process has children, including zombies that it has not reaped."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _is_child(pid: int, parent: int) -> bool:
    return parent_of(pid) == parent


def _reaped(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:
        return True
