"""What manager and node agents tell each other: orders, commands, and how processes ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True)
class AgentOrders:
    """What an agent needs to know to begin.

    Attributes:
        manager_locations: Where the manager can be reached, most likely address first.
        secret: Secret of this run; never to be put on a command line or in a log.
        timeout: Seconds without a sign of life after which either side gives the other up.
        grace_time: Seconds between SIGTERM and SIGKILL when processes are ended.
        log_directory: Where the agent's own log and the launcher's output go.
        node: Name under which the agent is to report; None for the name of its host.
    """

    manager_locations: tuple[str, ...]
    secret: str
    timeout: float
    grace_time: float
    log_directory: Path | None
    node: str | None = None

    def __repr__(self) -> str:
        # the secret would end up in a log or a traceback sooner or later
        return f"AgentOrders(node={self.node!r}, manager_locations={self.manager_locations!r})"


@dataclass(frozen=True)
class StartCommand:
    """Order to start a process.

    Attributes:
        name: Name by which its end is reported.
        work_dir: Directory to start it in.
        args: Program and arguments.
        env: Its environment: all of it, or what is put on top of the agent's if `extend_env`.
        stdout: File for its standard output, overwritten.
        stderr: File for its standard error, overwritten.
        extend_env: Whether it gets the agent's environment as well.
    """

    name: str
    work_dir: Path
    args: tuple[str, ...]
    env: Mapping[str, str]
    stdout: Path
    stderr: Path
    extend_env: bool = False

    def __repr__(self) -> str:
        # environments hold passwords and tokens
        return f"StartCommand(name={self.name!r}, args={self.args!r})"


@dataclass(frozen=True)
class CancelCommand:
    """Order to end all processes."""


@dataclass(frozen=True)
class ShutdownCommand:
    """Order to end all processes that are left, and the agent itself."""


Command: TypeAlias = StartCommand | CancelCommand | ShutdownCommand


@dataclass(frozen=True)
class Exited:
    """A process ended by itself."""

    code: int

    def __str__(self) -> str:
        return f"exited with code {self.code}"


@dataclass(frozen=True)
class Killed:
    """A process was ended by a signal."""

    signal: int

    def __str__(self) -> str:
        return f"was killed by signal {self.signal}{_signal_name(self.signal)}"


ProcessEnd: TypeAlias = Exited | Killed


def process_end(exit_code: int) -> ProcessEnd:
    """Return how a process ended, from its code or minus the number of a signal."""
    return Killed(-exit_code) if exit_code < 0 else Exited(exit_code)


@dataclass(frozen=True)
class ProcessResult:
    """How a process ended.

    Attributes:
        name: The name given with the order to start it.
        exit_code: Its exit code; minus the number of the signal if it was killed.
        reason: Why, if it is not the process itself that is to blame: it could not be started,
            or its node was lost.
    """

    name: str
    exit_code: int
    reason: str | None = None

    @property
    def end(self) -> ProcessEnd:
        """How it ended, as a value."""
        return process_end(self.exit_code)


COULD_NOT_START = 127
"""Exit code of a process that was never started, as a shell would report it."""

NODE_LOST = -9
"""Exit code of a process on a node that was lost: its agent kills it, if it is still there."""

_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}
"""Signals that end programs and have the same number everywhere."""


def _signal_name(number: int) -> str:
    return f" ({_SIGNALS[number]})" if number in _SIGNALS else ""
