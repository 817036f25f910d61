"""Adapters that an embedder of the manager brings along."""

from __future__ import annotations

from dataclasses import dataclass, fields

from application.interfaces.agents import AgentLauncher
from application.interfaces.clock import Clock
from application.interfaces.logbook import Logbook
from application.interfaces.profile_store import ProfileStore
from application.interfaces.run_script_writer import RunScriptWriter
from application.interfaces.snapshot_store import SnapshotStore
from domain.errors import UsageError


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
        for field in fields(self):
            adapter = getattr(self, field.name)
            if adapter is not None:
                _check(field.name, adapter, _INTERFACES[field.name])


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
