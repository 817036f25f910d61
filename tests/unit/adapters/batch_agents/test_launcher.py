"""The launcher of a batch job's agents, with a stand-in for the command that starts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.batch_agents.launcher import BatchAgentLauncher
from adapters.batch_agents.starters import GroupStarter
from adapters.wire.agent_orders import decode_orders
from adapters.wire.orders_in_environment import take_orders
from domain.errors import TransportError
from domain.placement.batch_jobs import JobNode
from domain.running.agents import AgentOrders
from tests.support.conditions import wait_until

ORDERS = AgentOrders(("tcp:127.0.0.1:9",), "a secret", 20.0, 0.1, None)
NODES = (JobNode("node1", 2), JobNode("node2", 4))


@dataclass(frozen=True)
class ShellStarter(GroupStarter):
    """Runs a shell command instead of the agents."""

    text: str
    passes_input: bool = True
    node_name_variable: str | None = "NODE"
    kept_variables: Sequence[str] = ("NODE",)

    def command(
        self,
        nodes: Sequence[str],
        program: Sequence[str],
        *,
        directory: Path,
        exported: Sequence[str] = (),
    ) -> list[str]:
        return ["sh", "-c", self.text]

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {**environment, "STARTED_BY": "shell"}

    def program_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {**environment, "PART_OF": "a run"}

    def losses(self, line: str, nodes: Sequence[str]) -> Iterable[str]:
        return [line.split()[1]] if line.startswith("lost ") else []


class Bench:
    def __init__(self, starter: GroupStarter, directory: Path) -> None:
        environment = {"PATH": "/usr/bin:/bin", "TOKEN": "hunter2"}
        self.lost: list[tuple[str, str]] = []
        self.directory = directory
        self.launcher = BatchAgentLauncher(NODES, starter=starter, environment=environment)

    def launch(self) -> Sequence[str]:
        orders = AgentOrders(("tcp:127.0.0.1:9",), "a secret", 20.0, 0.1, self.directory)
        return self.launcher.launch(orders, on_lost=lambda *loss: self.lost.append(loss))

    def read(self, name: str) -> str:
        path = self.directory / name
        wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
        return path.read_text()


def test_agents_get_their_orders_on_standard_input(tmp_path: Path):
    bench = Bench(ShellStarter(f"head -n 1 > {tmp_path}/got; cat"), tmp_path)
    assert bench.launch() == ["node1", "node2"]
    orders = decode_orders(bench.read("got").encode())
    assert orders.secret == "a secret"
    assert orders.job is not None
    assert orders.job.nodes == NODES
    assert orders.job.name_variable == "NODE"
    assert orders.job.kept_variables == ("NODE",)
    assert orders.job.environment["TOKEN"] == "hunter2"
    assert orders.job.environment["PART_OF"] == "a run"
    bench.launcher.close()
    assert bench.lost == []


def test_agents_get_their_orders_in_the_environment_otherwise(tmp_path: Path):
    starter = ShellStarter(f"env > {tmp_path}/got", passes_input=False)
    bench = Bench(starter, tmp_path)
    bench.launch()
    bench.launcher.close()
    lines = bench.read("got").splitlines()
    variables = dict(line.split("=", 1) for line in lines if "=" in line)
    assert variables["STARTED_BY"] == "shell"
    assert decode_orders(take_orders(variables)).secret == "a secret"


def test_node_that_the_output_names_is_lost(tmp_path: Path):
    bench = Bench(ShellStarter("echo lost node2 >&2; echo no python there >&2; cat"), tmp_path)
    bench.launch()
    wait_until(lambda: bool(bench.lost))
    ((node, reason),) = bench.lost
    assert node == "node2"
    assert reason.startswith("its agent failed: lost node2; sh -c ")
    assert reason.endswith(" printed: lost node2\nno python there")
    bench.launcher.close()


def test_all_nodes_are_lost_if_the_command_fails(tmp_path: Path):
    bench = Bench(ShellStarter("echo no such partition >&2; exit 3"), tmp_path)
    bench.launch()
    wait_until(lambda: len(bench.lost) == 2)
    assert [node for node, _ in bench.lost] == ["node1", "node2"]
    for _, reason in bench.lost:
        assert "(sh -c echo no such partition" in reason
        assert "exited with code 3; it printed: no such partition" in reason
    bench.launcher.close()
    assert (tmp_path / "agent_launch.err").read_text() == "no such partition\n"


def test_command_that_does_not_end_is_terminated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("adapters.batch_agents.launcher.CLOSE_MARGIN", 0.0)
    bench = Bench(ShellStarter("exec sleep 1000"), tmp_path)
    bench.launch()
    bench.launcher.close()
    assert bench.lost == []


def test_missing_command_is_an_error(tmp_path: Path):
    class Missing(ShellStarter):
        def command(self, *_: object, **__: object) -> list[str]:  # type: ignore[override]
            return ["/no/such/command"]

    bench = Bench(Missing(""), tmp_path)
    with pytest.raises(TransportError, match=r"could not be started with '/no/such/command'"):
        bench.launch()
    bench.launcher.close()
