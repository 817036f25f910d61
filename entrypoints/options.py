"""Options of a Manager, and the adapters that an embedder may replace."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, fields

from adapters.system.clock import SystemClock
from application.interfaces.agents import AgentLauncher
from application.interfaces.clock import Clock
from application.interfaces.logbook import Logbook
from application.interfaces.profile_store import ProfileStore
from application.interfaces.run_script_writer import RunScriptWriter
from application.interfaces.snapshot_store import SnapshotStore
from application.manager.run_checkpoints import CheckpointOptions, last_rule
from application.nodes.agent_timeouts import AgentTimeouts
from domain.errors import UsageError
from entrypoints.log_setup import checked_level

__all__ = ["Adapters", "CheckpointOptions", "ManagerOptions", "check_options"]


@dataclass(frozen=True)
class ManagerOptions:
    """How a manager is to work.

    Attributes:
        log_level: Least level of the manager's own log lines.
        listens_locally: Whether what the manager starts runs on this machine. Then it listens on
            loopback only, unless there are programs that are started by hand, wherever that is.
        programs_required: Whether the configuration must have a program for each component. Where
            it need not, those without one are started by hand.
        require_secret: Whether to refuse clients that do not know the run's secret.
        timeouts: How long to wait for agents, and for programs that are to end.
        checkpoints: What is wished about checkpoints, beside the rules of the configuration.
        reconnect_time: Seconds after which the manager looks whether the program of an instance
            is still there, if that was started by hand, and has lost its connection.
        secret: The run's secret.
    """

    log_level: str = "INFO"
    listens_locally: bool = False
    programs_required: bool = True
    require_secret: bool = False
    timeouts: AgentTimeouts = field(default_factory=AgentTimeouts)
    checkpoints: CheckpointOptions = field(default_factory=CheckpointOptions)
    reconnect_time: float = 30.0
    secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)


def check_options(options: ManagerOptions) -> None:
    """Check whether a manager can be made with some options.

    Raises:
        ConfigurationError: If it cannot.
    """
    checked_level(options.log_level)
    last_rule(options.checkpoints, SystemClock().time())


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """What to use in place of the manager's own adapters. None takes the manager's own.

    What is handed in belongs to the manager from then on, which closes it when it is closed
    itself. So each is good for one manager.

    Attributes:
        clock: Tells the time.
        launcher: Brings agents to run. Programs are then bound to the cores that they get, and
            never get a core that another has.
        logbook: Keeps the log of the run.
        profiles: Keeps what the instances spent their time on.
        scripts: Writes the scripts that start programs.
        snapshots: Keeps the snapshots of the instances. These write them into the run directory,
            and the manager moves those that belong together into the store.

    Raises:
        UsageError: If one of them lacks a method of its interface.

    Example:
        ::

            with Manager("model.ymmsl", adapters=Adapters(launcher=MyLauncher())) as manager:
                ...
    """

    clock: Clock | None = None
    launcher: AgentLauncher | None = None
    logbook: Logbook | None = None
    profiles: ProfileStore | None = None
    scripts: RunScriptWriter | None = None
    snapshots: SnapshotStore | None = None

    def __post_init__(self) -> None:
        for attribute in fields(self):
            adapter = getattr(self, attribute.name)
            if adapter is not None:
                _check(attribute.name, adapter, _INTERFACES[attribute.name])


_INTERFACES: dict[str, type] = {
    "clock": Clock,
    "launcher": AgentLauncher,
    "logbook": Logbook,
    "profiles": ProfileStore,
    "scripts": RunScriptWriter,
    "snapshots": SnapshotStore,
}


def _check(name: str, adapter: object, interface: type) -> None:
    # said here, and not in the middle of a run
    wanted: frozenset[str] = getattr(interface, "__abstractmethods__", frozenset())
    missing = sorted(method for method in wanted if not hasattr(adapter, method))
    if missing or isinstance(adapter, type):
        kind = f"the class {adapter.__name__}" if isinstance(adapter, type) else repr(adapter)
        why = f"it has no {', no '.join(missing)}" if missing else "hand in an object made from it"
        msg = f"adapters={name}: {kind} is no {interface.__name__}: {why}"
        raise UsageError(msg)
