"""The appearance of the panel."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from adapters.terminal.panel_view import PanelView
from domain.coupling.messages import Wait
from domain.running.events import InstanceState
from domain.running.nodes import NodeStatus
from tests.unit.adapters.terminal.examples import NOW, RUNNING, WAITING, status


def drawn(statuses, *, nodes=(), lines=(), height=12, width=100, elapsed=61.0):
    """Draw once; return the lines on the screen, without colours."""
    console = Console(
        file=io.StringIO(),
        record=True,
        width=width,
        height=height,
        force_terminal=False,
        highlight=False,
    )
    view = PanelView("a_model", stream=console.file, console=console)
    view.draw(statuses, nodes=nodes, lines=lines, now=NOW, elapsed=elapsed)
    view.close()
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_each_instance_has_a_row_with_state_wait_and_time():
    heading, titles, macro, micro = drawn([RUNNING, WAITING])
    assert heading == "a_model  1:01  1 running, 1 waiting"
    assert titles.split() == ["instance", "state", "waits", "for", "simulated", "time"]
    assert macro.split() == ["macro", "running", "2.5"]
    assert " ".join(micro.split()) == "micro[3] waiting macro on port init[3], 0:12 2.25"


def test_instance_that_hangs_is_shown_in_place_of_its_state():
    hanging = replace(RUNNING, stall="stopped")
    assert drawn([hanging])[-1].split() == ["macro", "hangs", "(stopped)", "2.5"]


def test_nodes_are_shown_if_there_are_several():
    _, titles, macro, micro = drawn([replace(RUNNING, node="n1"), replace(WAITING, node="n2")])
    assert titles.split()[-1] == "node"
    assert macro.split()[-1] == "n1"
    assert micro.split()[-1] == "n2"


def test_single_node_is_not_shown():
    _, titles, *_ = drawn([replace(RUNNING, node="n1"), replace(WAITING, node="n1")])
    assert "node" not in titles


def test_nodes_have_a_table_of_their_own_if_there_are_several():
    nodes = [NodeStatus("n1", 4, load=0.5), NodeStatus("n2", 4, loss="it was lost")]
    text = drawn([replace(RUNNING, node="n1"), replace(WAITING, node="n2")], nodes=nodes)
    assert [line.split()[0] for line in text] == [
        "a_model",
        "instance",
        "macro",
        "micro[3]",
        "node",
        "n1",
        "n2",
    ]


def test_table_of_nodes_leaves_room_for_the_instances():
    nodes = [NodeStatus(f"n{number}", 4) for number in range(100)]
    statuses = [status(f"c{n}", InstanceState.RUNNING) for n in range(6)]
    text = drawn(statuses, nodes=nodes, height=16)
    assert len(text) <= 16
    assert [line.split()[0] for line in text[2:8]] == [f"c{n}" for n in range(6)]


def test_number_of_nodes_of_a_component_is_shown():
    statuses = [
        replace(status(f"micro[{n}]", InstanceState.RUNNING), node=f"n{n % 3}") for n in range(99)
    ]
    assert drawn(statuses)[-1].split()[-2:] == ["3", "nodes"]


def test_short_wait_has_no_duration():
    waiting = status(
        "macro", InstanceState.WAITING, since=NOW - 0.5, waiting_for=Wait("macro", "micro", "in")
    )
    assert drawn([waiting])[-1].split() == ["macro", "waiting", "micro", "on", "port", "in"]


def test_lines_are_printed_above_the_panel():
    text = drawn([RUNNING], lines=["something [bold]happened[/bold]"])
    assert text[0] == "something [bold]happened[/bold]"


def test_thousand_instances_are_summarised_by_component():
    micros = [status(f"micro[{n}]", InstanceState.RUNNING, simulated_time=n) for n in range(998)]
    waiting = status(
        "micro[998]", InstanceState.WAITING, waiting_for=Wait("micro[998]", "macro", "init")
    )
    heading, _, *rows = drawn([RUNNING, *micros, waiting])
    assert heading == "a_model  1:01  999 running, 1 waiting"
    assert [" ".join(row.split()) for row in rows] == [
        "micro (999) 998 running, 1 waiting macro 0 to 997",
        "macro 1 running 2.5",
    ]


def test_rows_of_very_many_components_are_cut_and_failed_ones_come_first():
    statuses = [status(f"model{n}", InstanceState.RUNNING) for n in range(100)]
    statuses[70] = status("model70", InstanceState.FAILED)
    _, _, *rows = drawn(statuses, height=10)
    assert len(rows) == 6
    assert rows[0].split() == ["model70", "1", "failed"]
    assert rows[-1].split() == ["and", "95", "more", "(95)", "95", "running"]


@pytest.mark.parametrize("height", [1, 5, 24])
def test_panel_has_no_more_lines_than_the_screen(height):
    statuses = [status(f"model[{n}]", InstanceState.RUNNING) for n in range(30)]
    assert len(drawn(statuses, height=height)) <= max(height, 5)


def test_narrow_terminal_shortens_lines_without_breaking_them():
    waiting = status(
        "a_component_with_a_long_name[12]",
        InstanceState.WAITING,
        waiting_for=Wait("x", "another_component_with_a_long_name[12]", "port_with_a_name", 3),
    )
    lines = drawn([waiting], width=40)
    assert len(lines) == 3
    assert all(len(line) <= 40 for line in lines)


def test_hours_are_shown():
    assert "  2:00:05  " in drawn([RUNNING], elapsed=7205.0)[0]
