"""Tests of the choice of a launcher."""

from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.local_agents.launcher import LocalAgentLauncher
from entrypoints._manager.launcher_choice import choose_launcher
from entrypoints.options import Adapters, ManagerOptions


def test_default_launcher_is_for_this_machine():
    launcher = choose_launcher(ManagerOptions(), Adapters(), environment={})
    assert isinstance(launcher, LocalAgentLauncher)


def test_embedders_launcher_takes_precedence():
    own = InMemoryAgentLauncher()
    assert choose_launcher(ManagerOptions(), Adapters(launcher=own), environment={}) is own
