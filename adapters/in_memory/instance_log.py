"""An instance's log that is kept in a list."""

from __future__ import annotations

from typing import final

from application.interfaces.instance_log import InstanceLog
from domain.running.log_levels import LogLevel


@final
class InMemoryInstanceLog(InstanceLog):
    """Records every message.

    Attributes:
        lines: Level and text of each message.
        levels: The local and the remote level, once they have been set.
    """

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.levels: tuple[str, str] | None = None

    def log(self, level: LogLevel, text: str) -> None:
        self.lines.append((level, text))

    def set_levels(self, *, local: str, remote: str) -> None:
        for level in (local, remote):
            if level not in LogLevel.__members__:
                msg = f"log level '{level}' does not exist"
                raise ValueError(msg)
        self.levels = (local, remote)
