"""What the manager sends to node agents: their orders, and commands."""

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
