"""Cores, nodes, and what an instance got of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Core:
    """A physical core with the hardware threads on it that may be used.

    Attributes:
        core_id: Its number on its node.
        hwthreads: Numbers of its hardware threads.
    """

    core_id: int
    hwthreads: frozenset[int]


CoreSet = frozenset[Core]


@dataclass(frozen=True)
class NodeResources:
    """What there is, or what an instance got, on one node. Also known as OnNodeResources.

    Attributes:
        node: Name of the node.
        cores: Cores on it.
        memory: Memory in bytes; None when not known.
    """

    node: str
    cores: CoreSet
    memory: int | None = None


OnNodeResources = NodeResources


@dataclass(frozen=True)
class Resources:
    """What there is, or what an instance got, over all nodes.

    Attributes:
        nodes: One entry per node, in order.
    """

    nodes: tuple[NodeResources, ...] = ()

    @property
    def core_count(self) -> int:
        """Number of cores over all nodes."""
        return sum(len(node.cores) for node in self.nodes)

    def __iter__(self) -> Iterator[NodeResources]:
        return iter(self.nodes)

    def as_text(self) -> str:
        """Describe them in words."""
        return ", ".join(f"{node.node} ({len(node.cores)} cores)" for node in self.nodes) or "none"
