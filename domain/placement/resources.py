"""Cores and nodes, available or allocated to an instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from domain.wording import counted


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


class GpuKind(Enum):
    """The makers of GPUs."""

    NVIDIA = "nvidia"
    AMD = "amd"

    @property
    def variable(self) -> str:
        """The environment variable that restricts a program to some of the GPUs."""
        return "CUDA_VISIBLE_DEVICES" if self is GpuKind.NVIDIA else "ROCR_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Gpu:
    """A GPU of a node.

    Attributes:
        kind: Its maker.
        device: Its number on the node, or its UUID, as the drivers accept it in the environment
            variable of its kind.
    """

    kind: GpuKind
    device: str


@dataclass(frozen=True)
class NodeResources:
    """Resources on one node, available or allocated to an instance; alias OnNodeResources.

    Attributes:
        node: Name of the node.
        cores: Cores on the node.
        memory: Memory in bytes; None if unknown.
        gpus: GPUs on the node, in order.
    """

    node: str
    cores: CoreSet
    memory: int | None = None
    gpus: tuple[Gpu, ...] = ()


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
        return ", ".join(map(_as_text, self.nodes)) or "none"


def _as_text(node: NodeResources) -> str:
    gpus = f", {counted(len(node.gpus), 'GPU')}" if node.gpus else ""
    return f"{node.node} ({len(node.cores)} cores{gpus})"
