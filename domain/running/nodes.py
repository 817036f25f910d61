"""The nodes of a run, as users see them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """How busy a node is, with all programs on it, of this run and others.

    Attributes:
        load: Average number of processes that run or wait for a core, over the last minute; None
            if unknown.
        memory_used: Memory in use, in bytes, without what the system can free at once; None if
            unknown.
    """

    load: float | None = None
    memory_used: int | None = None


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """The status of a node at a point in time.

    Attributes:
        node: Its name.
        cores: Number of cores that its agent has reported; 0 if it has not.
        memory: Memory in bytes; None if unknown.
        instances: Names of the instances whose programs run there.
        loss: Why it is lost; empty if it is not.
        load: Average number of processes that run or wait for a core, over the last minute; None
            if unknown.
        memory_used: Memory in use, in bytes; None if unknown.
    """

    node: str
    cores: int = 0
    memory: int | None = None
    instances: tuple[str, ...] = ()
    loss: str = ""
    load: float | None = None
    memory_used: int | None = None
