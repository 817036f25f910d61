"""Determines which hardware threads share a core, on Linux."""

from __future__ import annotations

from pathlib import Path

from domain.placement.resources import Core, CoreSet


def read_cores(sys: Path, usable: frozenset[int]) -> CoreSet:
    """Return the cores with at least one usable hardware thread, each with its usable threads.

    Cores are numbered over the whole node in the order of their first hardware thread, so their
    numbers do not depend on which part of the node may be used.

    Args:
        sys: Mount point of sysfs.
        usable: Hardware threads that may be used.

    Returns:
        The cores; empty if the kernel does not report them.
    """
    siblings = _siblings(sys / "devices/system/cpu")
    if not siblings:
        return frozenset()
    missing = {frozenset({hwthread}) for hwthread in usable.difference(*siblings)}
    numbered = enumerate(sorted(siblings | missing, key=min))
    return frozenset(Core(number, core & usable) for number, core in numbered if core & usable)


def parse_list(text: str) -> frozenset[int]:
    """Parse the kernel's list notation, such as `0-3,8`.

    Raises:
        ValueError: If the text is not in that notation.
    """
    numbers: set[int] = set()
    for item in filter(None, text.strip().split(",")):
        first, _, last = item.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return frozenset(numbers)


def _siblings(directory: Path) -> set[frozenset[int]]:
    """Return the groups of hardware threads that share a core, without duplicates."""
    groups: set[frozenset[int]] = set()
    seen: set[int] = set()
    for hwthread in _online(directory):
        if hwthread in seen:
            continue
        group = _siblings_of(directory / f"cpu{hwthread}" / "topology", hwthread)
        groups.add(group)
        seen |= group
    return groups


def _online(directory: Path) -> list[int]:
    try:
        return sorted(parse_list((directory / "online").read_text()))
    except (OSError, ValueError):
        return []


def _siblings_of(directory: Path, hwthread: int) -> frozenset[int]:
    # kernels before 5.5 use the second name
    for name in ("core_cpus_list", "thread_siblings_list"):
        try:
            return parse_list((directory / name).read_text()) | {hwthread}
        except (OSError, ValueError):
            continue
    return frozenset({hwthread})
