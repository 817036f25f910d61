"""A simulated manager's process."""

from __future__ import annotations

from typing import final

from typing_extensions import override

from application.interfaces.agents import ManagerProcess


@final
class InMemoryManagerProcess(ManagerProcess):
    """Is suspended while a test says so.

    Attributes:
        suspended: Whether it is suspended.
    """

    def __init__(self) -> None:
        self.suspended = False

    @override
    def is_suspended(self) -> bool:
        return self.suspended
