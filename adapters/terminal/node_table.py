"""Draws the nodes of a run in the panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from adapters.terminal.overview import printable
from domain.running.events import InstanceState, InstanceStatus
from domain.running.nodes import NodeStatus
from domain.wording import counted

_TITLES = ("node", "instances", "load", "memory", "state")
_HIGH = 0.95
"""Share of the memory in use that is shown in red."""

_OVER = {
    InstanceState.WAITING_TO_START,
    InstanceState.FINISHED,
    InstanceState.FAILED,
    InstanceState.STOPPED,
}


def draw_nodes(
    nodes: Sequence[NodeStatus], instances: Sequence[InstanceStatus], *, rows: int
) -> Table:
    """Return a table with a row for each node; lost and full ones come first if space is short.

    Args:
        nodes: The status of each node.
        instances: The status of each instance, with the name of its node.
        rows: Maximum number of rows.
    """
    running = Counter(status.node for status in instances if status.state not in _OVER)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in _TITLES:
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    if len(nodes) > rows:
        nodes = sorted(nodes, key=_urgency, reverse=True)
    shown = nodes if len(nodes) <= rows else nodes[: rows - 1]
    for node in shown:
        table.add_row(*_row(node, running[node.node]))
    if len(nodes) > len(shown):
        hidden = nodes[len(shown) :]
        total = sum(running[node.node] for node in hidden)
        table.add_row(f"and {counted(len(hidden), 'more node')}", str(total))
    return table


def _urgency(node: NodeStatus) -> tuple[bool, float, float]:
    return (bool(node.loss), _share(node), node.load or 0.0)


def _share(node: NodeStatus) -> float:
    return node.memory_used / node.memory if node.memory and node.memory_used else 0.0


def _row(node: NodeStatus, running: int) -> list[Text]:
    return [
        Text(printable(node.node)),
        Text(str(running)),
        Text("" if node.load is None else f"{node.load:.1f} on {counted(node.cores, 'core')}"),
        Text(_memory_text(node), style="bold red" if _share(node) >= _HIGH else ""),
        Text("lost", style="bold red") if node.loss else Text("up" if node.cores else "starting"),
    ]


def _memory_text(node: NodeStatus) -> str:
    if node.memory is None:
        return ""
    used = "" if node.memory_used is None else f"{node.memory_used / 2**30:.1f} of "
    return f"{used}{node.memory / 2**30:.1f} GiB"
