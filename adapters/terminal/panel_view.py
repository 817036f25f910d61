"""Draws the panel (the only module that imports rich)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from adapters.terminal.node_table import draw_nodes
from adapters.terminal.overview import printable, summary, time_span, wait_text
from domain.running.events import InstanceState, InstanceStatus
from domain.running.nodes import NodeStatus
from domain.wording import counted

_COLOURS: Mapping[InstanceState, str] = {
    InstanceState.WAITING_TO_START: "dim",
    InstanceState.STARTED: "blue",
    InstanceState.RUNNING: "green",
    InstanceState.WAITING: "yellow",
    InstanceState.DISCONNECTED: "red",
    InstanceState.FINISHED: "cyan",
    InstanceState.FAILED: "bold red",
    InstanceState.STOPPED: "magenta",
}
_MOST_TELLING_FIRST = (
    InstanceState.FAILED,
    InstanceState.DISCONNECTED,
    InstanceState.WAITING,
    InstanceState.RUNNING,
    InstanceState.STARTED,
    InstanceState.WAITING_TO_START,
    InstanceState.STOPPED,
    InstanceState.FINISHED,
)
_TITLES = ("instance", "state", "waits for", "simulated time", "node")
"""Titles of the columns. The last one is only needed if the run has several nodes."""

_SHARE_OF_NODES = 3
"""The nodes take at most this fraction of the panel."""

_LINES_AROUND_ROWS = 4
_FEWEST_ROWS = 3
_SECONDS_WORTH_A_MENTION = 2


class PanelView:
    """A panel on a terminal.

    Args:
        model: Name of the model.
        stream: The terminal.
        console: Console to draw on; by default, a new one for the stream.
    """

    def __init__(self, model: str, *, stream: TextIO, console: Console | None = None) -> None:
        self._model = model
        self._console = console or _PoliteConsole(file=stream, highlight=False)
        # Rich must neither start a refresh thread nor redirect the process's stdout.
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()

    def draw(
        self,
        statuses: Sequence[InstanceStatus],
        *,
        nodes: Sequence[NodeStatus] = (),
        lines: Sequence[str],
        now: float,
        elapsed: float,
    ) -> None:
        """Redraw the panel, and print lines above it that stay.

        Args:
            statuses: The status of each instance.
            nodes: The status of each node; they are only shown if there are several.
            lines: The lines to print.
            now: The current time, in seconds since the Unix epoch.
            elapsed: Seconds since the run started.
        """
        for line in lines:
            self._console.print(Text(line))
        left = self._console.height - _LINES_AROUND_ROWS
        tables = []
        if len(nodes) > 1:
            node_rows = max(_FEWEST_ROWS, left // _SHARE_OF_NODES)
            tables.append(draw_nodes(nodes, statuses, rows=node_rows))
            left -= tables[0].row_count + 1
        rows = max(_FEWEST_ROWS, left)
        heading = f"{self._model}  {_duration(elapsed)}  {summary(statuses)}"
        tables.insert(0, _table(statuses, rows=rows, now=now))
        self._live.update(Group(Text(heading, style="bold", no_wrap=True), *tables), refresh=True)

    def close(self) -> None:
        """Leave the last drawing on the screen, and restore the cursor."""
        self._live.stop()


class _PoliteConsole(Console):
    """A console that raises an error on a broken pipe, instead of ending the thread."""

    @override
    def on_broken_pipe(self) -> None:
        # Rich would redirect the process's stdout to /dev/null, and end the thread.
        raise BrokenPipeError


def _table(statuses: Sequence[InstanceStatus], *, rows: int, now: float) -> Table:
    """Return a table with a row per instance, or per component if there are too many instances."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    has_nodes = len({status.node for status in statuses if status.node}) > 1
    for title in _TITLES if has_nodes else _TITLES[:-1]:
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    if len(statuses) <= rows:
        cells = [_instance_row(status, now) for status in statuses]
    else:
        groups = _by_component(statuses)
        cells = [_component_row(name, members) for name, members in groups[: rows - 1]]
        if len(groups) >= rows:
            hidden = [status for _, members in groups[rows - 1 :] for status in members]
            cells.append(_component_row(f"and {len(groups) - rows + 1} more", hidden))
    for row in cells:
        table.add_row(*(row if has_nodes else row[:-1]))
    return table


def _instance_row(status: InstanceStatus, now: float) -> list[Text]:
    waiting = "" if status.waiting_for is None else wait_text(status.waiting_for)
    seconds = now - status.since
    if waiting and seconds >= _SECONDS_WORTH_A_MENTION:
        waiting += f", {_duration(seconds)}"
    return [
        Text(status.instance),
        Text(f"hangs ({status.stall})", style="bold red")
        if status.stall
        else Text(status.state.value, style=_COLOURS[status.state]),
        Text(waiting),
        Text(time_span([status])),
        Text(printable(status.node)),
    ]


def _component_row(name: str, members: Sequence[InstanceStatus]) -> list[Text]:
    state = _most_relevant_state(members)
    peers = sorted({_component(m.waiting_for.peer) for m in members if m.waiting_for is not None})
    return [
        Text(name if len(members) == 1 else f"{name} ({len(members)})"),
        Text(summary(members), style=_COLOURS[state]),
        Text(printable(", ".join(peers))),
        Text(time_span(members)),
        Text(_nodes_text(members)),
    ]


def _nodes_text(members: Sequence[InstanceStatus]) -> str:
    nodes = sorted({member.node for member in members if member.node})
    return counted(len(nodes), "node") if len(nodes) > 1 else printable("".join(nodes))


def _by_component(
    statuses: Sequence[InstanceStatus],
) -> list[tuple[str, list[InstanceStatus]]]:
    """Return the instances of each component, the most relevant ones first."""
    by_name = groupby(statuses, key=lambda status: _component(status.instance))
    groups = [(name, list(members)) for name, members in by_name]
    groups.sort(key=lambda group: _MOST_TELLING_FIRST.index(_most_relevant_state(group[1])))
    return groups


def _most_relevant_state(members: Sequence[InstanceStatus]) -> InstanceState:
    states = {member.state for member in members}
    return next(state for state in _MOST_TELLING_FIRST if state in states)


def _component(instance: str) -> str:
    return instance.partition("[")[0]


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"
