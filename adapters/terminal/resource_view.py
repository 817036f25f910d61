"""Draws which instances use which cores of which node."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from domain.identity import Reference
from domain.placement.core_usage import NodeUsage
from domain.wording import counted, without_controls

MOST_NODES: Final = 20
MOST_NAMES: Final = 10


def draw_resources(usage: Sequence[NodeUsage], *, stream: TextIO, everything: bool) -> None:
    """Draw a tree of nodes, cores and instances; without colours if it is not for a terminal.

    Args:
        usage: The use of each node.
        stream: Where to draw.
        everything: Whether to draw all nodes and instances, however many they are.
    """
    shown = usage if everything else usage[:MOST_NODES]
    # with a fixed width, a pipe receives one line for each group of cores
    console = Console(file=stream, highlight=False, width=None if stream.isatty() else 1 << 16)
    for node in shown:
        tree = Tree(Text(f"{node.node}: {_free(node)}", style="bold"), guide_style="dim")
        for noun, groups in (("core", node.groups), ("GPU", node.gpu_groups)):
            for group in groups:
                names = _listed(group.instances, everything=everything)
                turns = " (take turns)" if len(group.instances) > 1 else ""
                what = numbers_text(noun, group.cores)
                tree.add(Text(f"{what}: ").append(names, "green").append(turns))
        console.print(tree)
    if len(shown) < len(usage):
        console.print(f"and {counted(len(usage) - len(shown), 'more node')} (--verbose shows all)")


def numbers_text(noun: str, numbers: Sequence[int]) -> str:
    """Return the numbers of cores or GPUs as text.

    Args:
        noun: What the numbers count.
        numbers: The numbers, in order.

    Example:
        >>> numbers_text("core", [0, 1, 2, 5])
        'cores 0-2, 5'
    """
    runs = groupby(enumerate(numbers), key=lambda item: item[1] - item[0])
    ends = [[number for _, number in run] for _, run in runs]
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in ends]
    return f"{noun if len(numbers) == 1 else f'{noun}s'} {', '.join(texts)}"


def _free(node: NodeUsage) -> str:
    cores = _with_free("core", node.core_count, len(node.free))
    gpus = _with_free("GPU", node.gpu_count, len(node.free_gpus))
    return f"{cores}; {gpus}" if node.gpu_count else cores


def _with_free(noun: str, count: int, free: int) -> str:
    return counted(count, noun) + (f", {free} free" if free else "")


def _listed(instances: Sequence[Reference], *, everything: bool) -> str:
    shown = instances if everything else instances[:MOST_NAMES]
    more = f" and {len(instances) - len(shown)} more" if len(shown) < len(instances) else ""
    return without_controls(", ".join(map(str, shown)) + more)
