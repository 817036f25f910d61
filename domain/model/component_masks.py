"""Sets of components as the bits of integers, for models with thousands of components."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

ComponentMask: TypeAlias = int
"""A set of components: bit `n` stands for the component at position `n` in the model."""


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, the lowest first."""
    while mask:
        bit = mask & -mask
        yield bit.bit_length() - 1
        mask ^= bit


def transposed(masks: Sequence[ComponentMask]) -> list[ComponentMask]:
    """Return for each component those that have it in their masks.

    Args:
        masks: One mask for each component.
    """
    if not masks:
        return []
    # strings, because a loop over all bits of all masks would take longer than the whole planning
    rows = [f"{mask:0{len(masks)}b}" for mask in reversed(masks)]
    columns = [int("".join(column), 2) for column in zip(*rows, strict=True)]
    return columns[::-1]


def reachable(edges: Sequence[ComponentMask]) -> list[ComponentMask]:
    """Return for each component those that can be reached from it along edges.

    Args:
        edges: For each component, where the edges end that start at it.
    """
    result = [0] * len(edges)
    order = _ends_first(edges)
    changed = True
    while changed:  # without a cycle of edges, the second pass changes nothing
        changed = False
        for number in order:
            found = edges[number]
            for end in bits(edges[number]):
                found |= result[end]
            changed |= found != result[number]
            result[number] = found
    return result


def _ends_first(edges: Sequence[ComponentMask]) -> list[int]:
    """Return all components, each after those that can be reached from it, except in a cycle."""
    order: list[int] = []
    seen = 0
    for start in range(len(edges)):
        open_ones = [] if seen >> start & 1 else [(start, bits(edges[start]))]
        seen |= 1 << start
        while open_ones:
            number, ends = open_ones[-1]
            end = next((end for end in ends if not seen >> end & 1), None)
            if end is None:
                order.append(number)
                open_ones.pop()
            else:
                seen |= 1 << end
                open_ones.append((end, bits(edges[end])))
    return order
