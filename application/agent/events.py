"""What can happen to a node agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.running.agents import Command
from domain.running.process_end import ProcessResult


@dataclass(frozen=True)
class ManagerHeard:
    """The manager sent a command, or just a sign of life."""

    command: Command | None


@dataclass(frozen=True)
class ProcessesEnded:
    """Processes ended."""

    results: tuple[ProcessResult, ...]


@dataclass(frozen=True)
class ManagerGone:
    """There is nobody left to work for, or we have been told to stop."""

    reason: str


AgentEvent: TypeAlias = ManagerHeard | ProcessesEnded | ManagerGone
