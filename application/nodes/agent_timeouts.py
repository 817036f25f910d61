"""Timeouts for agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEARTBEATS_PER_TIMEOUT: Final = 3


@dataclass(frozen=True)
class AgentTimeouts:
    """Timeouts for agents.

    Attributes:
        silence: Seconds without a sign of life after which either side considers the other lost.
        startup: Seconds for an agent to report for the first time.
        grace: Seconds between SIGTERM and SIGKILL when processes are ended.
    """

    silence: float = 30.0
    startup: float = 120.0
    grace: float = 10.0

    @property
    def heartbeat(self) -> float:
        """Seconds without a command after which an agent gets a heartbeat."""
        return self.silence / HEARTBEATS_PER_TIMEOUT
