"""Finds cores for one instance."""

from __future__ import annotations

from collections.abc import Iterator

from domain.identity import Reference
from domain.model.configuration import MpiCores, MpiNodes, ResourceRequirements, Threads
from domain.placement.core_ledger import CoreLedger, NodeMasks, bits, lowest


def find_cores(
    ledger: CoreLedger,
    component: Reference,
    index: tuple[int, ...],
    requirements: ResourceRequirements,
) -> NodeMasks | None:
    """Return cores for an instance that no other instance uses at the same time.

    Args:
        ledger: The free and allocated cores.
        component: The instance's component.
        index: The instance's index.
        requirements: What the instance requests.

    Returns:
        The cores, or None if there are too few.
    """
    shareable = ledger.shareable(component, index)
    match requirements:
        case Threads(threads):
            return _find_groups(ledger, shareable, 1, threads)
        case MpiCores(processes, threads):
            return _find_groups(ledger, shareable, processes, threads)
        case MpiNodes(nodes, processes, threads):
            return _find_nodes(ledger, shareable, nodes, processes * threads)


def _find_groups(
    ledger: CoreLedger, shareable: NodeMasks, groups: int, size: int
) -> NodeMasks | None:
    """Return cores for groups of equal size, each on a single node; None if there are too few."""
    found: NodeMasks = {}
    for node, mask in _usable_cores(ledger, shareable):
        left = mask & ~found.get(node, 0)
        fitting = min(groups, left.bit_count() // size)
        if fitting:
            shared_first = lowest(left & shareable.get(node, 0), fitting * size)
            missing = fitting * size - shared_first.bit_count()
            cores = shared_first | lowest(left & ~shared_first, missing)
            found[node] = found.get(node, 0) | cores
            groups -= fitting
        if not groups:
            return found
    return None


def _usable_cores(ledger: CoreLedger, shareable: NodeMasks) -> Iterator[tuple[int, int]]:
    """Yield the usable cores of each node: first only shared cores, then free ones as well."""
    yield from shareable.items()
    for node, mask in shareable.items():
        yield node, mask | ledger.free[node]
    for node in ledger.nodes_with_free_cores():
        if node not in shareable:
            yield node, ledger.free[node]


def _find_nodes(
    ledger: CoreLedger, shareable: NodeMasks, count: int, size: int
) -> NodeMasks | None:
    """Return whole nodes with a minimum number of cores each; None if there are too few."""
    found: NodeMasks = {}
    for node, mask in _usable_cores(ledger, shareable):
        if mask == ledger.full[node] and mask.bit_count() >= size:
            found[node] = mask
        if len(found) == count:
            return found
    return None


class SpareCores:
    """Finds the least used cores once all cores are allocated.

    Args:
        ledger: The available cores.
    """

    def __init__(self, ledger: CoreLedger) -> None:
        self._full = ledger.full
        self._load = [[0] * mask.bit_count() for mask in ledger.full]

    def give(self, cores: NodeMasks) -> None:
        """Record that cores are allocated to an instance."""
        for node, mask in cores.items():
            for bit in bits(mask):
                self._load[node][bit] += 1

    def find(self, requirements: ResourceRequirements) -> NodeMasks | None:
        """Return cores for one instance; None if it requests more than there are."""
        match requirements:
            case Threads(threads):
                return self._find_groups(1, threads)
            case MpiCores(processes, threads):
                return self._find_groups(processes, threads)
            case MpiNodes(nodes, processes, threads):
                return self._find_nodes(nodes, processes * threads)

    def all_for(self, requirements: ResourceRequirements) -> NodeMasks | None:
        """Return all cores, for an instance that requests more; None if there are no cores.

        A single process gets the cores of the largest node.
        """
        cores = {node: mask for node, mask in enumerate(self._full) if mask}
        if cores and isinstance(requirements, Threads):
            largest = max(cores, key=lambda node: cores[node].bit_count())
            return {largest: cores[largest]}
        return cores or None

    def _find_groups(self, groups: int, size: int) -> NodeMasks | None:
        found: NodeMasks = {}
        for _ in range(groups):
            choices = [
                choice
                for node in range(len(self._full))
                if (choice := self._least(node, size, found))
            ]
            if not choices:
                return None
            _, node, mask = min(choices)
            found[node] = found.get(node, 0) | mask
        return found

    def _least(self, node: int, size: int, taken: NodeMasks) -> tuple[int, int, int] | None:
        own = taken.get(node, 0)
        loads = sorted(
            (load, bit) for bit, load in enumerate(self._load[node]) if not own >> bit & 1
        )[:size]
        if len(loads) < size:
            return None
        return sum(load for load, _ in loads), node, sum(1 << bit for _, bit in loads)

    def _find_nodes(self, count: int, size: int) -> NodeMasks | None:
        fitting = [node for node, mask in enumerate(self._full) if mask.bit_count() >= size]
        fitting.sort(key=lambda node: sum(self._load[node]))
        return (
            {node: self._full[node] for node in fitting[:count]} if len(fitting) >= count else None
        )
