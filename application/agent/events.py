"""The events that a node agent handles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.running.agents import Command
from domain.running.process_end import ProcessResult


@dataclass(frozen=True)
class ManagerHeard:
    """The manager sent a command or a heartbeat."""

    command: Command | None


@dataclass(frozen=True)
class ProcessesEnded:
    """Processes ended."""

    results: tuple[ProcessResult, ...]


@dataclass(frozen=True)
class ManagerGone:
    """The manager is gone, or the agent received a signal to stop."""

    reason: str


AgentEvent: TypeAlias = ManagerHeard | ProcessesEnded | ManagerGone
