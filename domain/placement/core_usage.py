"""Which instances use which cores of a node, grouped for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from domain.identity import Reference
from domain.placement.resources import Resources


@dataclass(frozen=True, slots=True)
class SharedCores:
    """Cores of a node that the same instances use.

    Attributes:
        cores: Numbers of the cores, in order.
        instances: The instances, in the order of the model.
    """

    cores: tuple[int, ...]
    instances: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """The use of the cores of a node.

    Attributes:
        node: Name of the node.
        groups: The cores in use, in order of their first core.
        free: Numbers of the cores that no instance uses.
    """

    node: str
    groups: tuple[SharedCores, ...]
    free: tuple[int, ...]

    @property
    def core_count(self) -> int:
        """Number of cores of the node."""
        return len(self.free) + sum(len(group.cores) for group in self.groups)


def core_usage(given: Mapping[Reference, Resources], available: Resources) -> list[NodeUsage]:
    """Return how the cores of each node are used.

    Args:
        given: The resources of each instance.
        available: All available cores.
    """
    users: defaultdict[tuple[str, int], list[Reference]] = defaultdict(list)
    for instance, resources in given.items():
        for node in resources:
            for core in node.cores:
                users[node.node, core.core_id].append(instance)
    result = []
    for node in available:
        by_users: defaultdict[tuple[Reference, ...], list[int]] = defaultdict(list)
        for core in sorted(node.cores):
            by_users[tuple(users.get((node.node, core.core_id), ()))].append(core.core_id)
        free = tuple(by_users.pop((), ()))
        groups = (SharedCores(tuple(cores), names) for names, cores in by_users.items())
        result.append(NodeUsage(node.node, tuple(groups), free))
    return result
