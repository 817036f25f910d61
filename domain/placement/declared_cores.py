"""Cores that the user declares for a node, instead of those that its agent detects."""

from __future__ import annotations

from domain.placement.resources import Core, CoreSet


def declared_cores(detected: CoreSet, count: int) -> CoreSet:
    """Return a number of cores for a node.

    Args:
        detected: The cores that the node has.
        count: The number of cores to return. If it is smaller than the number of detected cores,
            these are the first ones. If it is larger, the others share hardware threads with the
            detected cores, in turns.
    """
    cores = sorted(detected, key=lambda core: core.core_id)
    first_new = max((core.core_id for core in cores), default=-1) + 1
    for number in range(count - len(cores)):
        shared = cores[number].hwthreads if detected else frozenset({0})
        cores.append(Core(first_new + number, shared))
    return frozenset(cores[:count])
