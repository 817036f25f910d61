"""The options of a Manager, and the adapters that an embedding program can replace."""

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
from application.manager.snapshots.run_checkpoints import CheckpointOptions, last_rule
from application.nodes.agent_timeouts import AgentTimeouts
from domain.errors import UsageError
from entrypoints.log_setup import checked_level

__all__ = ["Adapters", "AgentTimeouts", "CheckpointOptions", "ManagerOptions"]


@dataclass(frozen=True)
class ManagerOptions:
    """Options of a Manager.

    Attributes:
        log_level: Lowest level of the manager's own log lines: DEBUG, INFO, WARNING, ERROR or
            CRITICAL.
        listens_locally: Whether all programs that the manager starts run on this machine. Then it
            listens on the loopback interface only, unless some programs are started by hand.
        programs_required: Whether the configuration must have a program for each component. If
            not, components without a program are started by hand.
        require_secret: Whether to refuse clients that do not prove that they belong to this run.
            MUSCLE3's cannot.
        timeouts: How long to wait for agents, and for programs that are asked to end.
        checkpoints: How to save before the run is stopped, in addition to the configuration's
            checkpoint rules.
        reconnect_time: Seconds for which an instance that was started by hand may be disconnected
            before the manager checks whether its program still runs.
        secret: Secret of the run, with which Conjoin's own programs authenticate. Random by
            default.

    Example:
        ::

            options = ManagerOptions(checkpoints=CheckpointOptions(save_time=120.0))
            with Manager("model.ymmsl", options=options) as manager:
                ...
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
    """Check the options that cannot be checked one by one, or not without a clock.

    Raises:
        ConfigurationError: If the log level does not exist, or the run would have to stop before
            it starts.
    """
    checked_level(options.log_level)
    last_rule(options.checkpoints, SystemClock().time())


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """Adapters to use in place of the manager's own; None stands for the manager's own.

    The manager owns the adapters that are passed to it, and closes them when it is closed itself.
    Therefore each can be used by one manager only.

    Attributes:
        clock: Provides the time.
        launcher: Starts agents on the nodes. With a launcher of your own, programs are bound to
            the cores that they are assigned, and a model that needs more cores than exist is
            refused.
        logbook: Stores the log of the run.
        profiles: Stores the profiling events of the instances.
        scripts: Writes the scripts that start programs.
        snapshots: Stores the snapshots of the instances. The instances write them into the run
            directory; the manager moves those that form a workflow snapshot into the store.

    Raises:
        UsageError: If an adapter lacks a method of its interface.

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
                _check_methods(attribute.name, adapter, _INTERFACES[attribute.name])


_INTERFACES: dict[str, type] = {
    "clock": Clock,
    "launcher": AgentLauncher,
    "logbook": Logbook,
    "profiles": ProfileStore,
    "scripts": RunScriptWriter,
    "snapshots": SnapshotStore,
}


def _check_methods(argument: str, adapter: object, interface: type) -> None:
    """Check that an adapter has all methods of its interface: now, and not in the middle of a run.

    Raises:
        UsageError: If a method is missing, or a class was passed in place of an object.
    """
    if isinstance(adapter, type):
        msg = (
            f"Adapters({argument}=...) takes an object that implements {interface.__name__}, but"
            f" got the class {adapter.__name__}: pass {adapter.__name__}(...)"
        )
        raise UsageError(msg)
    wanted: frozenset[str] = getattr(interface, "__abstractmethods__", frozenset())
    missing = sorted(method for method in wanted if not hasattr(adapter, method))
    if missing:
        msg = (
            f"Adapters({argument}=...) takes an object that implements {interface.__name__}, but"
            f" {adapter!r} has no method {' and no method '.join(missing)}"
        )
        raise UsageError(msg)
