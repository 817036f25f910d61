"""Keeps track of which instances use which cores, for the planner.

The cores of a node are the bits of an integer, the lowest bit being its first core. This way, sets
of thousands of cores are compared in one operation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from domain.identity import Reference
from domain.placement.resources import Core, NodeResources, Resources

CoreMask = int
NodeMasks = dict[int, CoreMask]
"""Cores by node number."""


class CoreLedger:
    """Free and allocated cores.

    Args:
        available: All available cores.
        partners: For each component, those with which it may share cores.
        dimensions: For each component, how many indices its instances have.
    """

    def __init__(
        self,
        available: Resources,
        partners: Mapping[Reference, set[Reference]],
        dimensions: Mapping[Reference, int],
    ) -> None:
        self._nodes = available.nodes
        self._partners = partners
        self._dimensions = dimensions
        self._cores: list[list[Core]] = [sorted(node.cores) for node in available.nodes]
        self.full: list[CoreMask] = [(1 << len(cores)) - 1 for cores in self._cores]
        self.free = list(self.full)
        self._first_free = 0
        self._present: list[dict[Reference, CoreMask]] = [{} for _ in self.full]
        self._held: defaultdict[tuple[Reference, tuple[int, ...]], NodeMasks] = defaultdict(dict)

    def nodes_with_free_cores(self) -> Iterator[int]:
        """Yield the numbers of the nodes that have free cores, in order."""
        while self._first_free < len(self.free) and not self.free[self._first_free]:
            self._first_free += 1
        for node in range(self._first_free, len(self.free)):
            if self.free[node]:
                yield node

    def shareable(self, component: Reference, index: tuple[int, ...]) -> NodeMasks:
        """Return the cores that are used only by instances that take turns with this one.

        Args:
            component: The instance's component.
            index: The instance's index.
        """
        partners = self._partners.get(component, set())
        held = {partner: self._held_by(partner, index) for partner in partners}
        nodes = {node for masks in held.values() for node in masks}
        result = {node: self._shareable_on(node, held) for node in sorted(nodes)}
        return {node: mask for node, mask in result.items() if mask}

    def give(self, component: Reference, index: tuple[int, ...], cores: NodeMasks) -> None:
        """Record that cores are allocated to an instance.

        Args:
            component: The instance's component.
            index: The instance's index.
            cores: The cores.
        """
        for node, mask in cores.items():
            self.free[node] &= ~mask
            present = self._present[node]
            present[component] = present.get(component, 0) | mask
            for length in range(len(index) + 1):
                held = self._held[component, index[:length]]
                held[node] = held.get(node, 0) | mask

    def resources(self, cores: NodeMasks) -> Resources:
        """Convert cores to the Resources that are reported to an instance."""
        return Resources(
            tuple(
                NodeResources(
                    self._nodes[node].node,
                    frozenset(self._cores[node][bit] for bit in bits(mask)),
                )
                for node, mask in sorted(cores.items())
            )
        )

    def _held_by(self, component: Reference, index: tuple[int, ...]) -> NodeMasks:
        """Return the cores of the instances whose common indices are equal to those of this one."""
        return self._held.get((component, index[: self._dimensions[component]]), {})

    def _shareable_on(self, node: int, held: Mapping[Reference, NodeMasks]) -> CoreMask:
        good, bad = 0, 0
        for component, mask in self._present[node].items():
            turns = held[component].get(node, 0) if component in held else 0
            good |= turns
            bad |= mask & ~turns
        return good & ~bad


def bits(mask: CoreMask) -> Iterator[int]:
    """Yield the numbers of the bits that are set, the lowest first."""
    while mask:
        bit = mask & -mask
        yield bit.bit_length() - 1
        mask ^= bit


def lowest(mask: CoreMask, count: int) -> CoreMask:
    """Return the lowest bits of a mask.

    Args:
        mask: The mask to take bits from.
        count: Number of bits; the mask must have at least that many.
    """
    result = 0
    for number, bit in enumerate(bits(mask)):
        if number == count:
            break
        result |= 1 << bit
    return result
