"""The nodes of a run, as users see them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """The status of a node at a point in time.

    Attributes:
        node: Its name.
        cores: Number of cores that its agent has reported; 0 if it has not.
        memory: Memory in bytes; None if unknown.
        instances: Names of the instances whose programs run there.
        loss: Why it is lost; empty if it is not.
    """

    node: str
    cores: int = 0
    memory: int | None = None
    instances: tuple[str, ...] = ()
    loss: str = ""
