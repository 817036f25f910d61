"""Examines the manager's process on this machine."""

from __future__ import annotations

import os
from typing import Final, final

from adapters.processes.process_stat import STATE, read_stat
from application.interfaces.agents import ManagerProcess

_STOPPED: Final = frozenset("Tt")
_BLOCKED: Final = "D"


@final
class LinuxManagerProcess(ManagerProcess):
    """Reads the state of the manager's process from /proc.

    Args:
        number: Number of the process; None if the manager runs on another machine.
    """

    def __init__(self, number: int | None) -> None:
        self._number = number

    def is_suspended(self) -> bool:
        if self._number is None:
            return False
        try:
            threads = os.listdir(f"/proc/{self._number}/task")  # noqa: PTH208 - only the names
        except OSError:
            return False
        states = {_state(f"/proc/{self._number}/task/{thread}/stat") for thread in threads}
        return bool(states) and (states <= _STOPPED or _BLOCKED in states)


def _state(path: str) -> str:
    try:
        return read_stat(path)[STATE].decode()
    except OSError:  # the thread has just ended
        return ""
