"""Runs on hosts that are reached over SSH, as users see them."""

from pathlib import Path

import pytest

from tests.support.nodes import Nodes
from tests.support.workspace import Workspace

WHERE = "\nimport socket\nprint('runs on', socket.gethostname())\n"


@pytest.fixture
def home(nodes: Nodes, tmp_path: Path) -> Path:
    """The user's home directory, with an SSH configuration in which the nodes have names."""
    home = tmp_path / "home"
    nodes.write_ssh_config(home)
    return home


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "SSH_AUTH_SOCK": ""}


def run_on(workspace: Workspace, hosts: str, environment: dict[str, str], *options: str):
    return workspace.conjoin(
        "run",
        "--start-all",
        "--run-dir",
        "run",
        "--hosts",
        hosts,
        *options,
        "model.ymmsl",
        environment=environment,
    )


def test_instances_run_on_the_named_hosts(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    for name in ("macro.py", "micro.py"):
        workspace.write(name, (workspace.folder / name).read_text() + WHERE)
    outcome = run_on(workspace, "node1,node2", environment)
    assert outcome.exit_code == 0, outcome.text
    assert outcome.left_behind == ()
    places = [
        (workspace.run_dir / "instances" / name / "stdout.txt").read_text().split()[-1]
        for name in ("macro", "micro")
    ]
    assert set(places) <= {"node1", "node2"}
    assert all(node.processes() == [] for node in nodes)
