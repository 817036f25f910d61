"""The options of a Manager, and the adapters that an embedding program can replace."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
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
from domain.errors import ConfigurationError, UsageError
from domain.running.clients import Trust, trust_for
from domain.running.launcher_capabilities import LAUNCHERS, LauncherCapabilities
from domain.running.log_levels import manager_level

__all__ = ["Adapters", "AgentTimeouts", "CheckpointOptions", "ManagerOptions"]

ALL_ADDRESSES = "all"
"""Value of `listen` that stands for all addresses of this machine."""


@dataclass(frozen=True)
class ManagerOptions:
    """Options of a Manager.

    Attributes:
        log_level: Lowest level of the manager's own log lines: DEBUG, INFO, WARNING, ERROR or
            CRITICAL.
        starts_all: Whether the caller promises that `start_all` starts all instances, except those
            with execution model `manual`, so that from the beginning no other program can take the
            place of one of them.
        programs_required: Whether the configuration must have a program for each component. If
            not, components without a program are started by hand.
        require_secret: Whether to refuse all clients that do not prove that they know the secret of
            this run, at the manager and at the instances. MUSCLE3's cannot. By default, programs
            that this user runs on this machine are served without a proof.
        trust_network: Whether to serve clients on other machines without a proof, such as MUSCLE3
            instances that are started there by hand. This is dangerous: anyone who reaches the
            manager's port can take the place of such an instance, read its data, and end the run.
        hosts: Hosts to run on, over SSH: the path of a hosts file (`*.toml`), or a list such as
            `a,b,user@c:2222`. Empty for this machine, or for the nodes of the batch job that the
            manager runs in.
        launcher: How to start the agents of a run on the nodes of a batch job: `srun`, `mpiexec`,
            `ssh`, or `auto` to choose depending on the batch system. `local` starts an agent on
            this machine only, also in a batch job. Has no effect if `hosts` is given.
        accept_new_host_keys: Whether to accept the SSH host keys of hosts that have no known key.
        listen: Addresses on which the manager listens for programs on other machines, in addition
            to loopback; `all` stands for all addresses of this machine. By default it listens on
            loopback only, unless the launcher's agents run on other machines.
        timeouts: How long to wait for agents, and for programs that are asked to end.
        checkpoints: How to save before the run is stopped, in addition to the configuration's
            checkpoint rules.
        reconnect_time: Seconds for which an instance that was started by hand may be disconnected
            before the manager checks whether its program still runs.
        stall_time: Seconds for which a program must be stopped, or use no CPU time and exchange no
            message, to be reported as hanging; infinite to report none. It is never ended.
        oversubscribe: Whether instances that run at the same time may share cores if there are too
            few, with a warning; otherwise too few cores are an error. By default the launcher
            decides: on this machine they may, on a cluster they may not.
        secret: Secret of the run, with which Conjoin's programs authenticate themselves. Random by
            default.

    Example:
        ::

            options = ManagerOptions(checkpoints=CheckpointOptions(save_time=120.0))
            with Manager("model.ymmsl", options=options) as manager:
                ...
    """

    log_level: str = "INFO"
    starts_all: bool = False
    programs_required: bool = True
    require_secret: bool = False
    trust_network: bool = False
    hosts: str = ""
    launcher: str = "auto"
    accept_new_host_keys: bool = False
    listen: Sequence[str] = ()
    timeouts: AgentTimeouts = field(default_factory=AgentTimeouts)
    checkpoints: CheckpointOptions = field(default_factory=CheckpointOptions)
    reconnect_time: float = 30.0
    stall_time: float = 60.0
    oversubscribe: bool | None = None
    secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @property
    def trust(self) -> Trust:
        """Which clients are served without a proof."""
        return trust_for(require_secret=self.require_secret, trust_network=self.trust_network)


def check_options(options: ManagerOptions) -> None:
    """Check the options that depend on each other or on the time.

    Raises:
        ConfigurationError: If the log level does not exist, or the run would have to stop before
            it starts.
    """
    manager_level(options.log_level)
    check_launcher(options)
    last_rule(options.checkpoints, SystemClock().time())


def check_launcher(options: ManagerOptions) -> None:
    """Check that the kind of launcher exists.

    Raises:
        ConfigurationError: If it does not.
    """
    if options.launcher not in LAUNCHERS:
        msg = f"The launcher '{options.launcher}' does not exist: choose {', '.join(LAUNCHERS)}."
        raise ConfigurationError(msg)


def check_trust(options: ManagerOptions) -> None:
    """Check that the options about clients without proof agree.

    Raises:
        ConfigurationError: If they exclude each other.
    """
    if options.require_secret and options.trust_network:
        msg = (
            "--require-secret and --trust-network exclude each other: the one refuses all programs"
            " without the secret of the run, and the other admits them from other machines."
        )
        raise ConfigurationError(msg)


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """Adapters to use instead of the manager's own; None selects the manager's own adapter.

    The manager owns the adapters that are passed to it, and closes them when it is closed. So use
    each adapter for one manager only.

    Attributes:
        clock: Provides the time.
        launcher: Starts agents on the nodes. Its `capabilities` decide, for example, whether
            programs are bound to cores, and whether too few cores are an error.
        logbook: Stores the log of the run.
        profiles: Stores the profiling events of the instances.
        scripts: Writes the scripts that start programs.
        snapshots: Stores the snapshots of the instances. The instances write them into the run
            directory; the manager moves those that form a workflow snapshot into the store.

    Raises:
        UsageError: If an adapter lacks a method or attribute of its interface, or the launcher's
            `capabilities` are not `LauncherCapabilities`.

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
                _check_members(attribute.name, adapter, _INTERFACES[attribute.name])
        if self.launcher is not None:
            _check_capabilities(self.launcher)


_INTERFACES: dict[str, type] = {
    "clock": Clock,
    "launcher": AgentLauncher,
    "logbook": Logbook,
    "profiles": ProfileStore,
    "scripts": RunScriptWriter,
    "snapshots": SnapshotStore,
}


def _check_members(argument: str, adapter: object, interface: type) -> None:
    """Check that an adapter has all members of its interface, so that a run does not fail later.

    Raises:
        UsageError: If a member is missing, or a class was passed instead of an object.
    """
    if isinstance(adapter, type):
        msg = (
            f"Adapters({argument}=...) takes an object that implements {interface.__name__}, but"
            f" got the class {adapter.__name__}: pass {adapter.__name__}(...)"
        )
        raise UsageError(msg)
    wanted: frozenset[str] = getattr(interface, "__abstractmethods__", frozenset())
    missing = [repr(name) for name in sorted(wanted) if not hasattr(adapter, name)]
    if missing:
        msg = (
            f"Adapters({argument}=...) takes an object that implements {interface.__name__}, but"
            f" {adapter!r} lacks {' and '.join(missing)}"
        )
        raise UsageError(msg)


def _check_capabilities(launcher: AgentLauncher) -> None:
    """Check the capabilities of a launcher.

    Raises:
        UsageError: If they have another type.
    """
    capabilities: object = launcher.capabilities
    if not isinstance(capabilities, LauncherCapabilities):
        msg = (
            f"Adapters(launcher=...): the attribute 'capabilities' of {launcher!r} must be a"
            f" LauncherCapabilities (from conjoin.interfaces), not a {type(capabilities).__name__}"
        )
        raise UsageError(msg)
