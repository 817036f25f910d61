"""The identity of a runtime among the members of the run."""

from __future__ import annotations

from domain.runtime.uids import (
    HEAD,
    MONITOR,
    NODE,
    WAREHOUSE,
    WORKER,
    indices_of,
    role_of,
)


class Identity:
    """The role of one runtime.

    Args:
        uid: Its uid.
        mode: `local`, `interactive` or `cluster`.
    """

    def __init__(self, *, uid: str, mode: str) -> None:
        self.uid = uid
        self.mode = mode

    @property
    def name(self) -> str:
        """Its role."""
        return role_of(self.uid)

    @property
    def indices(self) -> tuple[int, ...]:
        """Its indices."""
        return indices_of(self.uid)

    @property
    def is_head(self) -> bool:
        """Whether it runs the coroutine of the user."""
        return self.name == HEAD

    @property
    def is_monitor(self) -> bool:
        """Whether it keeps the registry."""
        return self.name == MONITOR

    @property
    def is_node(self) -> bool:
        """Whether it is the agent of a machine."""
        return self.name == NODE

    @property
    def is_warehouse(self) -> bool:
        """Whether it stores values."""
        return self.name == WAREHOUSE

    @property
    def is_worker(self) -> bool:
        """Whether it runs tasks."""
        return self.name == WORKER
