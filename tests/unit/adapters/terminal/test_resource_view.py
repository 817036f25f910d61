"""The drawing of the cores of instances."""

import io

import pytest

from adapters.terminal.resource_view import draw_resources, numbers_text
from domain.identity import Reference
from domain.placement.core_usage import NodeUsage, SharedCores


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(*usage: NodeUsage, everything: bool = False, stream: io.StringIO | None = None) -> str:
    stream = stream or io.StringIO()
    draw_resources(usage, stream=stream, everything=everything)
    return stream.getvalue()


def used_by(*instances: str, node: str = "node 1", free: tuple[int, ...] = ()) -> NodeUsage:
    return NodeUsage(node, (SharedCores((0, 1), tuple(map(Reference, instances))),), free)


def test_each_node_is_a_tree_of_cores_and_their_instances():
    assert drawn(used_by("macro", "micro[0]", free=(2,)), used_by("other", node="node 2")) == (
        "node 1: 3 cores, 1 free\n"
        "└── cores 0-1: macro, micro[0] (take turns)\n"
        "node 2: 2 cores\n"
        "└── cores 0-1: other\n"
    )


@pytest.mark.parametrize(
    ("cores", "text"),
    [((3,), "core 3"), ((0, 1, 2), "cores 0-2"), ((0, 2, 3, 7), "cores 0, 2-3, 7")],
)
def test_adjacent_cores_are_a_range(cores, text):
    assert numbers_text("core", cores) == text


def test_gpus_of_a_node_are_drawn_after_its_cores():
    a = (Reference("a"),)
    usage = NodeUsage("node 1", (SharedCores((0,), a),), (), (SharedCores((0, 2), a),), (1,))
    assert drawn(usage) == "node 1: 1 core; 3 GPUs, 1 free\n├── core 0: a\n└── GPUs 0, 2: a\n"


def test_long_list_of_nodes_is_shortened_unless_everything_is_requested():
    usage = [used_by("a", node=f"node {number}") for number in range(1, 26)]
    assert drawn(*usage).endswith("and 5 more nodes (--verbose shows all)\n")
    assert "node 21" not in drawn(*usage)
    assert "node 25" in drawn(*usage, everything=True)


def test_long_list_of_instances_is_shortened_unless_everything_is_requested():
    usage = used_by(*(f"a[{number}]" for number in range(12)))
    assert "a[9] and 2 more (take turns)" in drawn(usage)
    assert "a[10], a[11] (take turns)" in drawn(usage, everything=True)


def test_line_for_a_pipe_is_never_broken():
    usage = used_by(*(f"{'long' * 9}[{number}]" for number in range(9)))
    assert len(drawn(usage).splitlines()) == 2


def test_only_a_terminal_gets_colours(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in drawn(used_by("a"), stream=Terminal())
    assert "\x1b[" not in drawn(used_by("a"))
