"""Tests of the choice of a launcher."""

import sys

import pytest

from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.local_agents.launcher import LocalAgentLauncher
from adapters.ssh_agents.launcher import SshAgentLauncher
from domain.errors import ConfigurationError
from entrypoints._manager.launcher_choice import choose_launcher
from entrypoints.options import Adapters, ManagerOptions


def test_default_launcher_is_for_this_machine():
    launcher = choose_launcher(ManagerOptions(), Adapters(), environment={})
    assert isinstance(launcher, LocalAgentLauncher)


def test_embedders_launcher_takes_precedence():
    own = InMemoryAgentLauncher()
    assert choose_launcher(ManagerOptions(), Adapters(launcher=own), environment={}) is own


def test_named_hosts_are_reached_over_ssh():
    launcher = choose_launcher(ManagerOptions(hosts="a,b"), Adapters(), environment={})
    assert isinstance(launcher, SshAgentLauncher)
    assert not launcher.capabilities.is_this_machine


def test_missing_paramiko_is_an_error_with_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delitem(sys.modules, "adapters.ssh_agents.launcher")
    monkeypatch.setitem(sys.modules, "paramiko", None)
    for name in ("connections", "ssh_config", "host_keys", "remote_agent"):
        monkeypatch.delitem(sys.modules, f"adapters.ssh_agents.{name}", raising=False)
    with pytest.raises(ConfigurationError, match=r"pip install 'conjoin\[ssh\]'"):
        choose_launcher(ManagerOptions(hosts="a"), Adapters(), environment={})
