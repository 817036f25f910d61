"""The contract of `AgentLauncher`."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from conjoin.interfaces import AgentLauncher, AgentOrders, LauncherCapabilities
from conjoin.testing.agent_bench import SECRET, AgentBench
from conjoin.testing.conditions import wait_until
from domain.running.process_end import Exited, Killed, NeverStarted, NodeLost

ORDERS = AgentOrders(("tcp:127.0.0.1:9",), "a secret", 20.0, 2.0, None)


class AgentLauncherContract(ABC):
    """Tests for any launcher, whether or not its nodes exist."""

    @pytest.fixture
    def launcher(self) -> Iterator[AgentLauncher]:
        launcher = self.make()
        yield launcher
        launcher.close()

    @abstractmethod
    def make(self) -> AgentLauncher:
        """Return a launcher for one or more nodes."""

    @abstractmethod
    def let_die(self, launcher: AgentLauncher, node: str) -> None:
        """Kill the agent on a node."""

    def test_capabilities_are_known_before_the_launch(self, launcher: AgentLauncher) -> None:
        before = launcher.capabilities
        assert isinstance(before, LauncherCapabilities)
        launcher.launch(ORDERS, on_lost=lambda *_: None)
        # the manager's locations may be known only after the launch
        assert replace(launcher.capabilities, manager_locations={}) == replace(
            before, manager_locations={}
        )

    def test_manager_locations_are_those_of_launched_nodes(self, launcher: AgentLauncher) -> None:
        nodes = launcher.launch(ORDERS, on_lost=lambda *_: None)
        assert set(launcher.capabilities.manager_locations) <= set(nodes)

    def test_nodes_have_names(self, launcher: AgentLauncher) -> None:
        nodes = launcher.launch(ORDERS, on_lost=lambda *_: None)
        assert nodes
        assert len(set(nodes)) == len(nodes)
        assert all(nodes)

    def test_killed_agent_is_reported_as_lost(self, launcher: AgentLauncher) -> None:
        lost: list[tuple[str, str]] = []
        node = launcher.launch(ORDERS, on_lost=lambda *arguments: lost.append(arguments))[0]
        self.let_die(launcher, node)
        wait_until(lambda: bool(lost))
        assert lost[0][0] == node
        assert lost[0][1]

    def test_agent_that_is_shut_down_is_not_reported_as_lost(self, launcher: AgentLauncher) -> None:
        lost: list[tuple[str, str]] = []
        launcher.launch(ORDERS, on_lost=lambda *arguments: lost.append(arguments))
        launcher.close()
        assert lost == []

    def test_launcher_can_be_closed_after_nodes_were_given_up(
        self, launcher: AgentLauncher
    ) -> None:
        for node in (*launcher.launch(ORDERS, on_lost=lambda *_: None), "unknown"):
            launcher.give_up(node)
        launcher.close()

    def test_unused_launcher_can_be_closed(self, launcher: AgentLauncher) -> None:
        launcher.close()

    def test_close_is_idempotent(self, launcher: AgentLauncher) -> None:
        launcher.launch(ORDERS, on_lost=lambda *_: None)
        launcher.close()
        launcher.close()


class RunningAgentsContract(AgentLauncherContract):
    """More tests, for a launcher that starts real agents, from the manager's point of view.

    Attributes:
        hosts: Addresses of this machine on which the agents can reach the manager.
    """

    hosts: tuple[str, ...] = ("127.0.0.1",)

    @pytest.fixture
    def bench(self, launcher: AgentLauncher, tmp_path: Path) -> Iterator[AgentBench]:
        bench = AgentBench(launcher, tmp_path, hosts=self.hosts)
        yield bench
        bench.close()

    def test_agents_report_under_the_names_from_the_launcher(self, bench: AgentBench) -> None:
        resources = bench.launch_and_wait()
        assert [node.node for node in resources]
        assert all(node.cores for node in resources)
        assert all(node.memory for node in resources)

    def test_processes_run_on_each_node(self, bench: AgentBench) -> None:
        for node in bench.launch_and_wait():
            bench.start(node.node, f"on-{node.node}", "/bin/sh", "-c", "exit 7")
            assert bench.wait_for_end(f"on-{node.node}") == Exited(7)

    def test_missing_program_is_reported_with_the_reason(self, bench: AgentBench) -> None:
        (node, *_) = bench.launch_and_wait()
        bench.start(node.node, "a", "/no/such/program")
        end = bench.wait_for_end("a")
        assert isinstance(end, NeverStarted)
        assert "/no/such/program" in end.reason

    def test_cancelling_ends_processes(self, bench: AgentBench) -> None:
        (node, *_) = bench.launch_and_wait()
        bench.start(node.node, "a", "/bin/sleep", "1000")
        wait_until((bench.directory / "a.out").exists)
        bench.do(bench.manager.cancel_all)
        assert bench.wait_for_end("a") == Killed(15)

    def test_processes_of_a_lost_agent_count_as_failed(
        self, bench: AgentBench, launcher: AgentLauncher
    ) -> None:
        (node, *_) = bench.launch_and_wait()
        bench.start(node.node, "a", "/bin/sleep", "1000")
        out = bench.directory / "a.out"
        wait_until(out.exists)
        self.let_die(launcher, node.node)
        end = bench.wait_for_end("a")
        assert isinstance(end, NodeLost)
        assert node.node in end.reason

    def test_agent_of_another_version_is_refused(
        self, launcher: AgentLauncher, tmp_path: Path
    ) -> None:
        bench = AgentBench(launcher, tmp_path, hosts=self.hosts, version="0.0.1")
        bench.launch()
        bench.wait_for(lambda: bool(bench.lost))
        assert "install the same version" in bench.lost[0][1]
        bench.close()

    def test_secret_is_not_on_any_command_line(self, bench: AgentBench) -> None:
        bench.launch_and_wait()
        lines = [" ".join(process.info["cmdline"] or []) for process in self.processes()]
        assert not any(SECRET in line for line in lines)

    @staticmethod
    def processes() -> Iterator[psutil.Process]:
        return psutil.process_iter(["cmdline"])
