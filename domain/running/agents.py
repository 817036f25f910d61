"""Orders and commands that the manager sends to node agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from domain.placement.batch_jobs import JobNode


@dataclass(frozen=True, slots=True)
class JobOrders:
    """Additional orders for the agents of a batch job, which all get the same ones.

    The program that starts the agents on all nodes, such as srun, gives each of them an environment
    for a parallel program. The programs that the agents start must not take it for their own.

    Attributes:
        nodes: The nodes of the job; each agent determines which of them is its own.
        name_variable: Environment variable of an agent that has the name of its node; None to use
            the host name.
        environment: The environment variables of the manager, which replace those of the agents.
        kept_variables: Names of the variables that the agents keep, because they describe a node.
    """

    nodes: tuple[JobNode, ...]
    environment: Mapping[str, str]
    name_variable: str | None = None
    kept_variables: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # environments hold passwords and tokens
        return f"JobOrders(nodes={self.nodes!r})"


@dataclass(frozen=True)
class AgentOrders:
    """The information that an agent needs to start.

    Attributes:
        manager_locations: Where the manager can be reached, most likely address first.
        secret: Secret of this run; must never appear on a command line or in a log.
        timeout: Seconds without a heartbeat after which either side gives up on the other.
        grace_time: Seconds between SIGTERM and SIGKILL when processes are ended.
        log_directory: Directory for the agent's own log and the launcher's output.
        node: Name that the agent reports for its node; None for its host name.
        manager_process: Number of the manager's process; None if it runs on another machine.
        environment: Variables to add to the agent's environment, for the programs it starts.
        cores: Number of cores to report; None for those that the agent detects.
        confirms: Whether the agent writes a line to its standard output when it has read its
            orders, and checks before that `log_directory` exists.
        job: Additional orders for the agents of a batch job; None for other agents.
    """

    manager_locations: tuple[str, ...]
    secret: str
    timeout: float
    grace_time: float
    log_directory: Path | None
    node: str | None = None
    manager_process: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    cores: int | None = None
    confirms: bool = False
    job: JobOrders | None = None

    def __repr__(self) -> str:
        # hide the secret, so that it does not appear in a log or a traceback
        return f"AgentOrders(node={self.node!r}, manager_locations={self.manager_locations!r})"


@dataclass(frozen=True)
class StartCommand:
    """Command to start a process.

    Attributes:
        name: Name under which its end is reported.
        work_dir: Directory to start it in.
        args: Program and arguments.
        env: Its complete environment or, if `extend_env`, variables to add to the agent's.
        stdout: File for its standard output, overwritten.
        stderr: File for its standard error, overwritten.
        extend_env: Whether it inherits the agent's environment.
        files: None if the node has the manager's files. Otherwise the files to create before the
            start, with their contents; the directories are created as well, and the output is
            sent to the manager.
    """

    name: str
    work_dir: Path
    args: tuple[str, ...]
    env: Mapping[str, str]
    stdout: Path
    stderr: Path
    extend_env: bool = False
    files: Mapping[Path, bytes] | None = None

    def __repr__(self) -> str:
        # environments hold passwords and tokens
        return f"StartCommand(name={self.name!r}, args={self.args!r})"


@dataclass(frozen=True)
class CancelCommand:
    """Command to end all processes."""


@dataclass(frozen=True)
class ShutdownCommand:
    """Command to end all remaining processes, and the agent itself."""


Command: TypeAlias = StartCommand | CancelCommand | ShutdownCommand
