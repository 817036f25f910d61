"""Contract of NodePool."""

from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.node_pool import InMemoryNodePool
from adapters.in_memory.worker import InlineWorker
from application.interfaces.node_pool import AgentLaunch, NodePool
from application.nodes.agent_manager import AgentManager
from domain.errors import InsufficientResources
from domain.placement.resources import Core, NodeResources, Resources
from domain.running.agents import CancelCommand, Command, ShutdownCommand, StartCommand
from domain.running.process_end import (
    SUCCESS,
    Exited,
    Killed,
    NodeLost,
    ProcessEnd,
    ProcessResult,
)
from domain.version import VERSION
from tests.support.loggers import silent_log
from tests.support.models import configuration

NODES = tuple(
    NodeResources(name, frozenset({Core(0, frozenset({0})), Core(1, frozenset({1}))}))
    for name in ("n0", "n1")
)


class Reports:
    """Records the reports of a pool, in order."""

    def __init__(self, pool: NodePool) -> None:
        self.resources: list[Resources] = []
        self.events: list[tuple[str, object]] = []
        pool.on_resources(self.resources.append)
        pool.on_finished(lambda name, end: self.events.append((name, end)))
        pool.on_node_lost(lambda node, reason: self.events.append((node, reason)))


class NodePoolContract(ABC):
    """Subclass it for each pool, which has the nodes `NODES`."""

    @pytest.fixture
    def pool(self):
        self.clock = ManualClock()
        return self.make(self.clock)

    @pytest.fixture
    def reports(self, pool):
        return Reports(pool)

    @pytest.fixture
    def launched(self, pool, reports):
        self.launch(pool)
        return pool

    def launch(self, pool: NodePool) -> None:
        self.launcher = InMemoryAgentLauncher([node.node for node in NODES])
        launch = AgentLaunch(self.launcher, InlineWorker(), ("tcp:manager:9000",), "secret")
        pool.launch(launch, failed=pytest.fail)
        self.let_agents_work()

    @abstractmethod
    def make(self, clock: ManualClock) -> NodePool:
        """Return a pool that has not been launched."""

    @abstractmethod
    def let_agents_work(self) -> None:
        """Make the agents report and execute commands, then let the pool process the reports."""

    @abstractmethod
    def let_end(self, name: str, end: ProcessEnd) -> None:
        """End a process."""

    @abstractmethod
    def lose(self, node: str) -> None:
        """Simulate the loss of a node whose cable was pulled."""

    def start(self, pool: NodePool, name: str, node: str = "n0") -> None:
        pool.start(node, name, Path("/w"), ["/bin/a"], {}, Path("/out"), Path("/err"))

    def test_resources_are_reported_once(self, launched, reports):
        self.let_agents_work()
        assert reports.resources == [Resources(NODES)]
        assert launched.get_resources() == Resources(NODES)

    def test_process_end_is_reported_once(self, launched, reports):
        self.start(launched, "a")
        self.let_agents_work()
        self.let_end("a", Exited(3))
        self.let_end("a", SUCCESS)
        assert reports.events == [("a", Exited(3))]
        assert launched.get_finished() == [("a", Exited(3))]
        assert launched.get_finished() == []

    def test_name_of_an_ended_process_can_be_reused(self, launched, reports):
        for code in (1, 2):
            self.start(launched, "a")
            self.let_agents_work()
            self.let_end("a", Exited(code))
        assert reports.events == [("a", Exited(1)), ("a", Exited(2))]

    def test_name_of_a_running_process_is_rejected(self, launched):
        self.start(launched, "a", "n0")
        with pytest.raises(ValueError, match="'a' is running already"):
            self.start(launched, "a", "n1")

    def test_unknown_node_is_rejected(self, launched):
        with pytest.raises(ValueError, match="no node 'n7'"):
            self.start(launched, "a", "n7")

    def test_node_loss_is_reported_before_the_ends_of_its_processes(self, launched, reports):
        self.start(launched, "a", "n0")
        self.start(launched, "b", "n1")
        self.lose("n0")
        loss = NodeLost("node 'n0' was lost: its cable was pulled")
        assert reports.events == [("n0", "its cable was pulled"), ("a", loss)]
        assert launched.get_resources() == Resources(NODES[1:])

    def test_process_started_on_a_lost_node_ends_soon(self, launched, reports):
        self.lose("n0")
        reports.events.clear()
        self.start(launched, "a", "n0")
        assert reports.events == []
        self.let_agents_work()
        assert reports.events == [
            ("a", NodeLost("node 'n0' was lost: its cable was pulled")),
        ]

    def test_cancel_ends_all_processes(self, launched, reports):
        for name, node in (("a", "n0"), ("b", "n1")):
            self.start(launched, name, node)
        self.let_agents_work()
        launched.cancel_all()
        assert reports.events == []
        self.let_agents_work()
        assert sorted(reports.events) == [("a", Killed(15)), ("b", Killed(15))]

    def test_shutdown_completes_when_every_agent_has_received_the_command(self, launched):
        done: list[bool] = []
        launched.shutdown(lambda: done.append(True))
        self.let_agents_work()
        assert done == [True]

    def test_listener_may_call_the_pool(self, pool, reports):
        pool.on_resources(lambda _: self.start(pool, "a"))
        pool.on_finished(lambda *_: pool.cancel_all())
        self.launch(pool)
        self.let_end("a", SUCCESS)
        assert ("a", SUCCESS) in reports.events

    def test_instances_are_placed_on_the_nodes(self, launched):
        model = configuration("a\nb\nc\nd")
        plan = launched.place(model, launched.get_resources(), oversubscribe=False)
        used = [(node.node, node.cores) for given in plan.resources.values() for node in given]
        assert len(set(used)) == 4
        assert {node for node, _ in used} == {"n0", "n1"}

    def test_too_few_cores_are_an_error_unless_oversubscribed(self, launched):
        model, available = configuration("a\nb\nc\nd\ne"), launched.get_resources()
        with pytest.raises(InsufficientResources):
            launched.place(model, available, oversubscribe=False)
        placement = launched.place(model, available, oversubscribe=True)
        assert len(placement.resources) == 5
        assert "too few cores" in placement.warnings[0]


class SimulatedAgent:
    """Reports to an agent manager, polls it, and executes commands."""

    def __init__(self, manager: AgentManager, node: NodeResources) -> None:
        self._manager = manager
        self._node = node
        self._has_reported = False
        self._is_polling = False
        self._commands: list[Command | None] = []
        self.running: set[str] = set()

    def work(self) -> None:
        if not self._has_reported:
            self._has_reported = True
            self._manager.report_resources(self._node, version=VERSION)
        while not self._is_polling or self._commands:
            if self._commands:
                self._execute(self._commands.pop())
            else:
                self._is_polling = True
                self._manager.next_command(self._node.node, self._take)

    def _take(self, command: Command | None) -> None:
        self._is_polling = False
        self._commands.append(command)

    def _execute(self, command: Command | None) -> None:
        if isinstance(command, StartCommand):
            self.running.add(command.name)
        elif isinstance(command, CancelCommand):
            results = [ProcessResult(name, Killed(15)) for name in sorted(self.running)]
            self.running.clear()
            self._manager.report_result(results, node=self._node.node)
        elif isinstance(command, ShutdownCommand):
            self._is_polling = True


class TestAgentManager(NodePoolContract):
    def make(self, clock):
        self.manager = AgentManager(None, scheduler=clock, clock=clock, log=silent_log())
        self.agents = {node.node: SimulatedAgent(self.manager, node) for node in NODES}
        return self.manager

    def let_agents_work(self):
        self.clock.advance()
        for agent in self.agents.values():
            agent.work()
        self.clock.advance()

    def let_end(self, name, end):
        for agent in self.agents.values():
            agent.running.discard(name)
        self.manager.report_result([ProcessResult(name, end)])

    def lose(self, node):
        del self.agents[node]
        self.launcher.lose(node, "its cable was pulled")
        self.clock.advance()


class TestInMemoryNodePool(NodePoolContract):
    def make(self, clock):
        self.made = InMemoryNodePool(NODES, scheduler=clock)
        return self.made

    def let_agents_work(self):
        self.clock.advance()

    def let_end(self, name, end):
        self.made.end(name, end)

    def lose(self, node):
        self.made.lose(node, "its cable was pulled")
