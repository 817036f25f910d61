"""Cores and nodes, available or allocated to an instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Core:
    """A physical core, with its usable hardware threads.

    Attributes:
        core_id: Its number on its node.
        hwthreads: Numbers of its hardware threads.
    """

    core_id: int
    hwthreads: frozenset[int]


CoreSet = frozenset[Core]


@dataclass(frozen=True)
class NodeResources:
    """Resources on one node, available or allocated to an instance; alias OnNodeResources.

    Attributes:
        node: Name of the node.
        cores: Cores on the node.
        memory: Memory in bytes; None if unknown.
    """

    node: str
    cores: CoreSet
    memory: int | None = None


OnNodeResources = NodeResources


@dataclass(frozen=True)
class Resources:
    """Resources on all nodes, available or allocated to an instance.

    Attributes:
        nodes: One entry per node, in order.
    """

    nodes: tuple[NodeResources, ...] = ()

    @property
    def core_count(self) -> int:
        """Number of cores on all nodes together."""
        return sum(len(node.cores) for node in self.nodes)

    def __iter__(self) -> Iterator[NodeResources]:
        return iter(self.nodes)

    def as_text(self) -> str:
        """Describe the resources as text."""
        return ", ".join(f"{node.node} ({len(node.cores)} cores)" for node in self.nodes) or "none"
