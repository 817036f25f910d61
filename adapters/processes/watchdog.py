"""The watchdog: the parent of an agent, which ends whatever the agent leaves (Linux).

It is a subreaper, so the descendants of a killed agent become its children. It holds two pipes:
standard input, which the launcher closes or loses when it dies, and one from the agent. It has the
process ID that the launcher knows: it passes signals on to the agent, and ends like the agent.

It is forked before the agent imports anything large, and imports little itself, so that it costs
neither time nor memory.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable

from adapters.processes.descendants import Descendants
from adapters.processes.parent_death import become_subreaper, terminate_with_parent
from adapters.processes.run_group import RunGroup, create_run_group

STDIN = 0
TITLE = "conjoin-watchdog"
LAUNCHER_VARIABLE = "CONJOIN_LAUNCHER_PID"
"""Environment variable with the process ID of the launcher, if that starts the agent directly."""

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

GRACE_TIME = 10.0
PATIENCE = 30.0
"""Seconds for an agent to end without its launcher, until it announces how many it needs."""


class Lifeline:
    """The connection of an agent with its watchdog.

    Args:
        watchdog: Process ID of the watchdog.
        launcher: A pidfd of the launcher; None if there is none.
        pipe: The pipe to the watchdog.
        group: The control group for the programs; None if there is none.
    """

    def __init__(
        self, watchdog: int, *, launcher: int | None, pipe: int, group: RunGroup | None = None
    ) -> None:
        self.group = group
        self._watchdog = watchdog
        self._launcher = launcher
        self._pipe = pipe

    @property
    def is_watched(self) -> bool:
        """Whether the watchdog is alive."""
        return os.getppid() == self._watchdog

    def announce(self, *, patience: float, grace_time: float) -> None:
        """Inform the watchdog of the times that it must give to the agent and its descendants.

        Args:
            patience: Seconds for the agent to end without its launcher, before it is killed.
            grace_time: Seconds between SIGTERM and SIGKILL for what the agent leaves.
        """
        # if the watchdog is gone, the agent is about to end
        with contextlib.suppress(OSError):
            os.write(self._pipe, f"{patience} {grace_time}\n".encode())

    def wait_for_launcher(self) -> None:
        """Wait until the launcher has closed standard input, or has died.

        Its death alone counts as well: if it has forked, standard input stays open.
        """
        wait_for_launcher(self._launcher)


def wait_for_launcher(launcher: int | None = None) -> None:
    """Wait until standard input is closed, or a process that a pidfd refers to has ended."""
    watched = [STDIN] if launcher is None else [STDIN, launcher]
    try:
        while True:
            ready, _, _ = select.select(watched, [], [])
            if launcher in ready or not os.read(STDIN, 4096):
                return
    except OSError:
        return


def watch_parent_instead_of_input() -> None:
    """Replace standard input by a pipe that stays open, and have the parent process watched.

    Call this before `go_below_watchdog`, if the launcher does not control standard input.
    """
    receiver, _sender = os.pipe()
    os.dup2(receiver, STDIN, inheritable=False)
    os.close(receiver)
    os.environ[LAUNCHER_VARIABLE] = str(os.getppid())


def go_below_watchdog(
    *,
    patience: float = PATIENCE,
    grace_time: float = GRACE_TIME,
    without_launcher: Callable[[], None] | None = None,
) -> Lifeline | None:
    """Fork: this process becomes the watchdog and never returns, its child continues.

    Call this before the process has threads.

    Args:
        patience: Seconds for an agent to end without its launcher, unless it announces others.
        grace_time: Seconds between SIGTERM and SIGKILL for what it leaves, likewise.
        without_launcher: Called by the watchdog at its end, if the launcher is gone.

    Returns:
        The connection with the watchdog; None where subreapers are not supported, so that there
        is no watchdog.
    """
    launcher = _open_launcher()
    if not become_subreaper():
        return None
    group = create_run_group()
    # if it was ignored, the end of the agent could not be found out
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    watchdog = os.getpid()
    receiver, sender = os.pipe()
    agent = os.fork()
    if agent == 0:
        os.close(receiver)
        become_subreaper()
        terminate_with_parent(watchdog)
        return Lifeline(watchdog, launcher=launcher, pipe=sender, group=group)
    os.close(sender)
    status = 1 << 8
    try:
        watchdog_of_agent = Watchdog(
            agent,
            launcher=launcher,
            pipe=receiver,
            group=group,
            patience=patience,
            grace_time=grace_time,
        )
        status = watchdog_of_agent.run()
        if without_launcher is not None and watchdog_of_agent.is_launcher_gone():
            without_launcher()
    except BaseException:  # noqa: BLE001 - must not continue as an agent
        sys.excepthook(*sys.exc_info())
    finally:
        _end_like(status)
    return None


class Watchdog:
    """Waits for the end of an agent, and ends its descendants.

    Args:
        agent: Process ID of the agent, a child of this process.
        launcher: A pidfd of the launcher; None if there is none.
        pipe: The pipe from the agent.
        group: The control group of the programs; None if there is none.
        patience: Seconds for the agent to end without its launcher, until it announces others.
        grace_time: Seconds between SIGTERM and SIGKILL for what it leaves, likewise.
    """

    def __init__(
        self,
        agent: int,
        *,
        launcher: int | None,
        pipe: int,
        group: RunGroup | None = None,
        patience: float = PATIENCE,
        grace_time: float = GRACE_TIME,
    ) -> None:
        self._agent = agent
        self._launcher = launcher
        self._pipe = pipe
        self._descendants = Descendants(group)
        self._patience = patience
        self._grace_time = grace_time
        self._left_alone_at: float | None = None
        self._status: int | None = None

    def run(self) -> int:
        """Watch until the agent and all its descendants have ended.

        Returns:
            The agent's wait status.
        """
        wakeup = self._catch_signals()
        _retitle()
        poller = select.poll()
        poller.register(wakeup, select.POLLIN)
        poller.register(self._pipe, select.POLLIN)
        poller.register(STDIN, 0)  # its data is for the agent; that it is closed shows anyway
        if self._launcher is not None:
            poller.register(self._launcher, select.POLLIN)
        while not self._has_agent_ended():
            for descriptor, _ in poller.poll(self._milliseconds_left()):
                if descriptor == wakeup:
                    os.read(wakeup, 4096)
                elif descriptor != self._pipe:
                    poller.unregister(descriptor)
                    self._left_alone_at = self._left_alone_at or time.monotonic()
                elif not self._read_times():
                    poller.unregister(descriptor)
        self._descendants.end(until=time.monotonic() + self._grace_time)
        assert self._status is not None
        return self._status

    def is_launcher_gone(self) -> bool:
        """Whether the launcher has closed standard input, or has died."""
        poller = select.poll()
        poller.register(STDIN, 0)
        if self._launcher is not None:
            poller.register(self._launcher, select.POLLIN)
        return bool(poller.poll(0))

    def _catch_signals(self) -> int:
        """Pass signals on to the agent, and make them and its end readable from a pipe."""
        receiver, sender = os.pipe()
        os.set_blocking(sender, False)
        signal.set_wakeup_fd(sender, warn_on_full_buffer=False)

        def pass_on(number: int, _frame: object) -> None:
            if self._status is None:
                os.kill(self._agent, number)

        for number in PASSED_ON:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, pass_on)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        return receiver

    def _has_agent_ended(self) -> bool:
        if self._is_overdue():
            os.kill(self._agent, signal.SIGKILL)
        pid, status = os.waitpid(self._agent, os.WNOHANG)
        if pid == self._agent:
            self._status = status
        return self._status is not None

    def _is_overdue(self) -> bool:
        return (
            self._left_alone_at is not None
            and time.monotonic() >= self._left_alone_at + self._patience
        )

    def _milliseconds_left(self) -> float | None:
        if self._left_alone_at is None or self._is_overdue():
            return None
        return 1000 * (self._left_alone_at + self._patience - time.monotonic()) + 1

    def _read_times(self) -> bool:
        """Read what the agent announces; return whether the pipe is still open."""
        line = os.read(self._pipe, 4096)
        if line:
            self._patience, self._grace_time = map(float, line.split()[:2])
        return bool(line)


def _open_launcher() -> int | None:
    """Return a pidfd of the launcher, if it is the parent of this process."""
    parent = os.getppid()
    if os.environ.pop(LAUNCHER_VARIABLE, "") != str(parent):
        return None
    try:
        return os.pidfd_open(parent)
    except (AttributeError, OSError):
        return None


def _end_like(status: int) -> None:
    """End this process in the same way as another one ended."""
    if os.WIFSIGNALED(status):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the other one has dumped its core
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


def _retitle() -> None:
    """Change what `ps` shows, so that users can tell a watchdog from its agent."""
    import ctypes

    try:
        with open("/proc/self/stat", "rb") as file:
            start, end = map(int, file.read().rpartition(b")")[2].split()[45:47])
        with open("/proc/self/cmdline", "rb") as file:
            old = file.read()
    except (OSError, ValueError):
        return
    # write only where the command line certainly is
    if start and len(old) == end - start and ctypes.string_at(start, len(old)) == old:
        ctypes.memmove(start, TITLE.encode()[: len(old) - 1].ljust(len(old), b"\0"), len(old))
