"""Chooses what starts the agents."""

from __future__ import annotations

from adapters.local_agents.launcher import LocalAgentLauncher
from application.interfaces.agents import AgentLauncher
from entrypoints.options import Adapters


def chosen_launcher(adapters: Adapters) -> AgentLauncher:
    """Return the embedding program's launcher, or the default: one for this machine."""
    return adapters.launcher or LocalAgentLauncher()
