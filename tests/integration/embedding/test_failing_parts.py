"""When one part of the manager fails, the others are closed and nothing is left behind."""

import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from dependency_injector import providers

from adapters.callbacks.event_dispatcher import CallbackEventSink
from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.in_memory.logbook import InMemoryLogbook
from adapters.in_memory.profile_store import InMemoryProfileStore
from adapters.in_memory.run_script_writer import InMemoryRunScriptWriter
from adapters.local_agents.launcher import LocalAgentLauncher
from adapters.run_scripts.writer import ShellRunScriptWriter
from adapters.system.clock import SystemClock
from adapters.tcp.server import Server
from domain.errors import ConfigurationError, RunError, TransportError, UsageError
from domain.model.checkpoint_rules import Checkpoints
from domain.running.events import InstanceState
from domain.running.launcher_capabilities import THIS_MACHINE, LauncherCapabilities
from entrypoints._manager import launcher_choice
from entrypoints._manager.manager_api import Manager
from entrypoints._snapshots.store_factory import open_store
from entrypoints.containers import manager as wiring
from entrypoints.containers.manager import ManagerContainer
from entrypoints.options import Adapters, ManagerOptions
from tests.support.pair import with_programs

RESOURCES = [
    name
    for name, provider in ManagerContainer.providers.items()
    if isinstance(provider, providers.Resource)
]
SLEEP_INDEFINITELY = "import time\ntime.sleep(1000)\n"


class PartFailed(Exception):
    pass


def fail(*_arguments, **_options):
    raise PartFailed("this part is broken")


@pytest.mark.parametrize("name", RESOURCES)
def test_failing_resource_leaves_no_files(name, manual, folder, monkeypatch):
    provider = providers.Resource(fail)
    monkeypatch.setattr(
        "entrypoints.containers.manager.ManagerContainer",
        lambda **given: overridden(ManagerContainer(**given), name, provider),
    )
    with pytest.raises(PartFailed):
        Manager(manual).__enter__()
    assert list(folder.iterdir()) == []


def overridden(container, name, provider):
    container.providers[name].override(provider)
    return container


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (wiring, "FilesystemLogbook"),
        (wiring, "CallbackEventSink"),
        (wiring, "SqliteProfileStore"),
        (wiring.SqliteProfileStore, "add_instances"),
        (wiring, "Server"),
        (Server, "listen"),
        (Server, "start"),
        (launcher_choice, "LocalAgentLauncher"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_failure_while_opening_leaves_no_files(owner, method, manual, folder, monkeypatch):
    monkeypatch.setattr(owner, method, fail)
    with pytest.raises(PartFailed), Manager(manual):
        pass
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (LocalAgentLauncher, "launch"),
        (ShellRunScriptWriter, "write"),
        (wiring.SqliteProfileStore, "add_resources"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_failure_while_starting_ends_the_run(owner, method, monkeypatch):
    monkeypatch.setattr(owner, method, fail)
    with pytest.raises(PartFailed), Manager(with_programs()) as manager:
        manager.start_all()
    assert not manager.wait().succeeded


def test_invalid_log_level_leaves_no_run_directory(manual, folder):
    with pytest.raises(ConfigurationError, match="level 'LOUD' does not exist"):
        Manager(manual, options=ManagerOptions(log_level="LOUD")).__enter__()
    assert list(folder.iterdir()) == []


def test_failure_while_opening_does_not_remove_the_users_directory(manual, folder, monkeypatch):
    monkeypatch.setattr(Server, "listen", fail)
    with pytest.raises(PartFailed), Manager(manual, run_dir=folder):
        pass
    assert folder.is_dir()


def failing_to_close(kind, monkeypatch):
    close = kind.close

    def close_and_fail(adapter):
        close(adapter)
        fail()

    monkeypatch.setattr(kind, "close", close_and_fail)


@pytest.mark.parametrize("kind", [CallbackEventSink, wiring.SqliteProfileStore, LocalAgentLauncher])
def test_error_while_closing_an_adapter_is_logged_and_the_others_are_closed(
    kind, manual, monkeypatch
):
    failing_to_close(kind, monkeypatch)
    with Manager(manual) as manager:
        pass
    assert "PartFailed: this part is broken" in manager.log_tail()


def test_error_while_closing_the_log_does_not_prevent_closing_the_others(manual, monkeypatch):
    failing_to_close(wiring.FilesystemLogbook, monkeypatch)
    with pytest.raises(PartFailed), Manager(manual):
        pass


def test_log_is_closed_last(manual, monkeypatch):
    closed = []
    kinds = (CallbackEventSink, wiring.SqliteProfileStore, LocalAgentLauncher, Server)
    for kind in (*kinds, wiring.FilesystemLogbook):
        close = kind.close
        monkeypatch.setattr(
            kind, "close", lambda self, close=close: (closed.append(type(self)), close(self))
        )
    with Manager(manual):
        pass
    assert closed[:2] == [LocalAgentLauncher, Server]
    assert closed[-1] is wiring.FilesystemLogbook


def test_launcher_that_reaches_no_node_raises_an_error():
    launcher = InMemoryAgentLauncher(unreachable=["node7"])
    adapters = Adapters(launcher=launcher)
    with (
        Manager(with_programs(), adapters=adapters) as manager,
        pytest.raises(TransportError, match="node7"),
    ):
        manager.start_all()
    assert launcher.is_closed


def test_agent_that_exits_immediately_raises_an_error(monkeypatch):
    monkeypatch.setattr("adapters.local_agents.launcher.AGENT_MODULE", "entrypoints.no_such_agent")
    with Manager(with_programs()) as manager, pytest.raises(RunError, match="No node agent"):
        manager.start_all()
    assert "no_such_agent" in manager.log_tail()


@pytest.mark.parametrize(
    ("capabilities", "options", "hosts"),
    [
        (THIS_MACHINE, ManagerOptions(starts_all=True), ["127.0.0.1"]),
        (THIS_MACHINE, ManagerOptions(), ["127.0.0.1"]),
        (THIS_MACHINE, ManagerOptions(listen=["all"]), ["elsewhere"]),
        (LauncherCapabilities(), ManagerOptions(starts_all=True), ["elsewhere"]),
        (LauncherCapabilities(uses_loopback=True), ManagerOptions(), ["127.0.0.1"]),
        (LauncherCapabilities(uses_loopback=True), ManagerOptions(listen=["all"]), ["elsewhere"]),
    ],
    ids=[
        "all-here",
        "by-hand",
        "as-the-user-wants",
        "agents-elsewhere",
        "agents-behind-tunnels",
        "agents-behind-tunnels-as-the-user-wants",
    ],
)
def test_manager_listens_on_loopback_if_all_instances_run_on_this_machine(
    capabilities, options, hosts, monkeypatch
):
    monkeypatch.setattr("adapters.io.network.own_hosts", lambda: ["elsewhere"])
    adapters = Adapters(launcher=InMemoryAgentLauncher(capabilities=capabilities))
    with Manager(with_programs(), options=options, adapters=adapters) as manager:
        addresses = manager.location.removeprefix("tcp:").split(",")
    assert [address.rpartition(":")[0] for address in addresses] == hosts


def test_too_few_cores_raise_an_error_before_anything_starts():
    resources = "resources:\n  pair.macro:\n    threads: 1000\n"
    adapters = Adapters(launcher=LocalAgentLauncher(capabilities=LauncherCapabilities()))
    with Manager(with_programs() + resources, adapters=adapters) as manager:
        with pytest.raises(ConfigurationError, match="1000"):
            manager.start_all()
        assert {status.state for status in manager.status()} == {InstanceState.WAITING_TO_START}


def test_exception_in_the_host_program_ends_the_run():
    def run():
        with Manager(with_programs(macro=SLEEP_INDEFINITELY)) as manager:
            manager.start_all()
            fail()

    with pytest.raises(PartFailed):
        run()


def test_all_resources_of_the_container_can_be_created(manual, tmp_path):
    """The container checks keyword arguments only when it creates a resource."""
    opened = wiring.opened_manager(
        options=ManagerOptions(),
        adapters=Adapters(),
        launcher=InMemoryAgentLauncher(),
        configuration=manual,
        run_directory=wiring.FilesystemRunDirectory(tmp_path),
        storage=wiring.RunSnapshotStore(open_store),
        on_finished=lambda _: None,
    )
    try:
        assert all(getattr(opened, part.name) is not None for part in fields(opened))
    finally:
        opened.close()


def test_custom_adapters_are_used_and_closed(manual):
    logbook, profiles = InMemoryLogbook(), InMemoryProfileStore()
    launcher, scripts = InMemoryAgentLauncher(), InMemoryRunScriptWriter()
    adapters = Adapters(
        clock=SystemClock(), logbook=logbook, profiles=profiles, launcher=launcher, scripts=scripts
    )
    with Manager(manual, adapters=adapters) as manager:
        manager.stop("enough")
        manager.wait()
        assert "enough" in logbook.records[-1].text
    assert (logbook.closed, profiles.closed, launcher.is_closed) == (True, True, True)
    assert not (manager.run_directory / "muscle3_manager.log").exists()


def test_unknown_adapter_name_is_rejected():
    with pytest.raises(TypeError, match="lancher"):
        Adapters(lancher=InMemoryAgentLauncher())


@pytest.mark.parametrize("wrong", [{"launcher": InMemoryAgentLauncher()}, InMemoryAgentLauncher()])
def test_adapters_argument_of_another_type_is_rejected(wrong, manual):
    with pytest.raises(UsageError, match=r"Manager\(adapters=...\) takes conjoin.Adapters"):
        Manager(manual, adapters=wrong)


def test_launcher_without_capabilities_is_rejected():
    class Launcher:
        def launch(self, orders, *, on_lost):
            """Start nothing."""

        def close(self):
            """Do nothing."""

    with pytest.raises(UsageError, match="'capabilities'"):
        Adapters(launcher=Launcher())


def test_launcher_whose_capabilities_have_another_type_is_rejected():
    launcher = InMemoryAgentLauncher(capabilities="all")
    with pytest.raises(UsageError, match=r"must be a LauncherCapabilities .* not a str"):
        Adapters(launcher=launcher)


def test_snapshots_are_rejected_on_nodes_that_lack_the_files():
    launcher = InMemoryAgentLauncher(capabilities=LauncherCapabilities(shares_files=False))
    manager = Manager(
        with_programs(), adapters=Adapters(launcher=launcher), checkpoints=Checkpoints(at_end=True)
    )
    with pytest.raises(ConfigurationError, match="do not share the manager's files"):
        manager.check()
    with pytest.raises(ConfigurationError, match="do not share the manager's files"), manager:
        manager.start_all()


def test_adapter_without_a_required_method_is_rejected_with_its_name():
    with pytest.raises(
        UsageError,
        match=r"implements AgentLauncher.* lacks 'capabilities' and 'give_up' and 'launch'",
    ):
        Adapters(launcher=InMemoryLogbook())


def test_adapter_class_instead_of_an_object_is_rejected():
    with pytest.raises(UsageError, match="but got the class"):
        Adapters(launcher=InMemoryAgentLauncher)


def test_temporary_files_are_removed(monkeypatch, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with Manager(with_programs()) as manager:
        manager.start_all()
        manager.wait()
    assert list(Path(temporary).iterdir()) == []


def test_adapters_are_compared_by_value():
    assert not isinstance(Adapters(), Mapping)
    assert Adapters() == Adapters()
