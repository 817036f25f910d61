"""Which instances use which cores and GPUs of a node, grouped for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.identity import Reference
from domain.placement.resources import NodeResources, Resources


@dataclass(frozen=True, slots=True)
class SharedCores:
    """Cores, or GPUs, of a node that the same instances use.

    Attributes:
        cores: Their numbers, in order.
        instances: The instances, in the order of the model.
    """

    cores: tuple[int, ...]
    instances: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """The use of the cores and GPUs of a node.

    Attributes:
        node: Name of the node.
        groups: The cores in use, in order of their first core.
        free: Numbers of the cores that no instance uses.
        gpu_groups: The GPUs in use, by position on the node.
        free_gpus: The GPUs that no instance uses.
    """

    node: str
    groups: tuple[SharedCores, ...]
    free: tuple[int, ...] = ()
    gpu_groups: tuple[SharedCores, ...] = ()
    free_gpus: tuple[int, ...] = ()

    @property
    def core_count(self) -> int:
        """Number of cores of the node."""
        return len(self.free) + sum(len(group.cores) for group in self.groups)

    @property
    def gpu_count(self) -> int:
        """Number of GPUs of the node."""
        return len(self.free_gpus) + sum(len(group.cores) for group in self.gpu_groups)


def core_usage(given: Mapping[Reference, Resources], available: Resources) -> list[NodeUsage]:
    """Return how the cores and GPUs of each node are used.

    Args:
        given: The resources of each instance.
        available: All available cores.
    """
    on_node: defaultdict[str, list[tuple[Reference, NodeResources]]] = defaultdict(list)
    for instance, resources in given.items():
        for node in resources:
            on_node[node.node].append((instance, node))
    return [_usage(node, on_node[node.node]) for node in available]


def _usage(node: NodeResources, parts: list[tuple[Reference, NodeResources]]) -> NodeUsage:
    core_users: defaultdict[int, list[Reference]] = defaultdict(list)
    gpu_users: defaultdict[int, list[Reference]] = defaultdict(list)
    for instance, part in parts:
        for core in part.cores:
            core_users[core.core_id].append(instance)
        for gpu in part.gpus:
            gpu_users[node.gpus.index(gpu)].append(instance)
    groups, free = _grouped(sorted(core.core_id for core in node.cores), core_users)
    gpu_groups, free_gpus = _grouped(range(len(node.gpus)), gpu_users)
    return NodeUsage(node.node, groups, free, gpu_groups, free_gpus)


def _grouped(
    numbers: Iterable[int], users: Mapping[int, list[Reference]]
) -> tuple[tuple[SharedCores, ...], tuple[int, ...]]:
    """Return groups of numbers with the same users, and the numbers without users."""
    by_users: defaultdict[tuple[Reference, ...], list[int]] = defaultdict(list)
    for number in numbers:
        by_users[tuple(users.get(number, ()))].append(number)
    free = tuple(by_users.pop((), ()))
    return tuple(SharedCores(tuple(found), names) for names, found in by_users.items()), free
