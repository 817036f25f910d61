"""Keeps track of which instances use which cores, for the planner.

The cores of a node are the bits of an integer, the lowest bit being its first core. This way, sets
of thousands of cores are compared in one operation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeAlias

from domain.model.component_masks import ComponentMask, bits
from domain.placement.node_cores import Applicant, CoreMask, Index, NodeCores
from domain.placement.resources import Core, CoreSet, NodeResources, Resources

NodeMask: TypeAlias = int
"""A set of nodes: bit `n` stands for the node at position `n`."""

NodeMasks: TypeAlias = dict[int, CoreMask]
"""Cores, or GPUs, by node number."""

GpuMask: TypeAlias = int
"""A set of GPUs of a node: bit `n` stands for the GPU at position `n`."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The cores and GPUs of an instance.

    Attributes:
        cores: The cores, by node number.
        gpus: The GPUs, by node number.
    """

    cores: NodeMasks
    gpus: NodeMasks = field(default_factory=dict)


class CoreLedger:
    """Free and allocated cores.

    Args:
        available: All available cores.

    Attributes:
        nodes: The cores of each node.
        gpus: The GPUs of each node; they are shared and allocated by the same rules.
    """

    def __init__(self, available: Resources) -> None:
        self._available = available.nodes
        self.nodes = [NodeCores(len(node.cores)) for node in available.nodes]
        self.gpus = [NodeCores(len(node.gpus)) for node in available.nodes]
        self._by_size = sorted(range(len(self.nodes)), key=self._size)
        self._first_fitting: dict[int, int] = {}
        self._first_free: dict[int, int] = {}
        self._sorted: dict[int, list[Core]] = {}
        self._named: dict[tuple[int, CoreMask, GpuMask], NodeResources] = {}
        self._components: ComponentMask = 0
        self._dimensions: dict[int, int] = {}
        self._used: NodeMask = 0
        self._nodes_of: defaultdict[tuple[int, Index], NodeMask] = defaultdict(int)

    def nodes_with_free_cores(self, at_least: int) -> Iterator[int]:
        """Yield the numbers of the nodes that have free cores, in order.

        Args:
            at_least: How many free cores they must have.
        """
        # cores are never given back, so the nodes that were too full before are so still
        first = self._first_fitting.get(at_least, 0)
        while first < len(self.nodes) and self.nodes[first].free.bit_count() < at_least:
            first += 1
        self._first_fitting[at_least] = first
        for node in range(first, len(self.nodes)):
            if self.nodes[node].free.bit_count() >= at_least:
                yield node

    def free_nodes(self, at_least: int) -> Iterator[int]:
        """Yield the numbers of the nodes all cores of which are free, the smallest node first.

        Args:
            at_least: How many cores they must have.
        """
        first = self._first_free.get(at_least, 0)
        while first < len(self.nodes) and not self._is_free(self._by_size[first], at_least):
            first += 1
        self._first_free[at_least] = first
        for node in self._by_size[first:]:
            if self._is_free(node, at_least):
                yield node

    def shareable(self, applicant: Applicant) -> Iterator[tuple[int, CoreMask]]:
        """Yield the cores that are used only by instances that take turns with this one.

        Args:
            applicant: The instance.

        Yields:
            The number of each node with such cores, in order, and these cores.
        """
        for node in bits(self._nodes_of_partners(applicant)):
            cores = self.nodes[node].shareable(applicant)
            if cores:
                yield node, cores

    def give(self, applicant: Applicant, grant: Grant) -> None:
        """Record that cores and GPUs are allocated to an instance.

        Args:
            applicant: The instance.
            grant: Its cores and GPUs.
        """
        nodes = 0
        for node, mask in grant.cores.items():
            self.nodes[node].give(applicant, mask)
            nodes |= 1 << node
        for node, mask in grant.gpus.items():
            self.gpus[node].give(applicant, mask)
        self._used |= nodes
        self._components |= 1 << applicant.component
        self._dimensions[applicant.component] = len(applicant.index)
        for length in range(len(applicant.index) + 1):
            self._nodes_of[applicant.component, applicant.index[:length]] |= nodes

    def resources(self, grant: Grant) -> Resources:
        """Convert cores and GPUs to the Resources that are reported to an instance."""
        return Resources(
            tuple(
                self._on_node(node, mask, grant.gpus.get(node, 0))
                for node, mask in sorted(grant.cores.items())
            )
        )

    def _size(self, node: int) -> int:
        return self.nodes[node].full.bit_count()

    def _is_free(self, node: int, at_least: int) -> bool:
        cores = self.nodes[node]
        return cores.free == cores.full and self._size(node) >= at_least

    def _nodes_of_partners(self, applicant: Applicant) -> NodeMask:
        """Return the nodes with instances of partners, and perhaps a few more."""
        partners = applicant.partners & self._components
        result = 0
        if partners.bit_count() > self._used.bit_count():
            return self._used
        for partner in bits(partners):
            common = applicant.index[: self._dimensions[partner]]
            result |= self._nodes_of.get((partner, common), 0)
        return result

    def _on_node(self, node: int, mask: CoreMask, gpu_mask: GpuMask) -> NodeResources:
        found = self._named.get((node, mask, gpu_mask))
        if found is None:
            there = self._available[node]
            gpus = tuple(there.gpus[bit] for bit in bits(gpu_mask))
            found = NodeResources(there.node, self._cores(node, mask), gpus=gpus)
            self._named[node, mask, gpu_mask] = found
        return found

    def _cores(self, node: int, mask: CoreMask) -> CoreSet:
        if mask == self.nodes[node].full:
            return self._available[node].cores
        if node not in self._sorted:
            self._sorted[node] = sorted(self._available[node].cores, key=attrgetter("core_id"))
        return frozenset(self._sorted[node][bit] for bit in bits(mask))


def lowest(mask: CoreMask, count: int) -> CoreMask:
    """Return the lowest bits of a mask.

    Args:
        mask: The mask to take bits from.
        count: Number of bits; if the mask has fewer, all are returned.
    """
    adjacent = ((1 << count) - 1) * (mask & -mask)
    if mask & adjacent == adjacent:
        return adjacent
    result = 0
    for number, bit in enumerate(bits(mask)):
        if number == count:
            break
        result |= 1 << bit
    return result
