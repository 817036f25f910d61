from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.worker import InlineWorker
from application.interfaces.node_pool import AgentLaunch
from application.nodes.agent_manager import AgentManager
from application.nodes.agent_timeouts import AgentTimeouts
from domain.errors import ManagerRefused
from domain.placement.resources import Core, NodeResources, Resources
from domain.running.agents import (
    CancelCommand,
    Command,
    ShutdownCommand,
    StartCommand,
)
from domain.running.nodes import NodeLoad, NodeStatus
from domain.running.outputs import OutputPiece
from domain.running.process_end import (
    SUCCESS,
    Exited,
    Killed,
    NeverStarted,
    NodeLost,
    ProcessEnd,
    ProcessResult,
)

TIMEOUTS = AgentTimeouts(silence=30.0, startup=60.0, grace=5.0)
VERSION = "1.2"


def node_resources(node: str) -> NodeResources:
    return NodeResources(node, frozenset({Core(0, frozenset({0}))}), 1000)


def launch(manager: AgentManager, launcher: InMemoryAgentLauncher) -> None:
    launch = AgentLaunch(launcher, InlineWorker(), ("tcp:manager:9000",), "secret")
    manager.launch(launch, failed=_raise)


def _raise(error: Exception) -> None:
    raise error


class Poll:
    """An agent that waits for a command."""

    def __init__(self) -> None:
        self.answers: list[Command | None] = []

    def __call__(self, command: Command | None) -> None:
        self.answers.append(command)


class Bench:
    """An agent manager with everything around it."""

    def __init__(self, *nodes: str) -> None:
        self.clock = ManualClock()
        self.launcher = InMemoryAgentLauncher(nodes)
        self.finished: list[tuple[str, ProcessEnd]] = []
        self.resources: list[Resources] = []
        self.lost: list[tuple[str, str]] = []
        self.manager = AgentManager(
            Path("/logs"),
            scheduler=self.clock,
            clock=self.clock,
            log=structlog.get_logger(),
            timeouts=TIMEOUTS,
            version=VERSION,
        )
        self.manager.on_finished(lambda *arguments: self.finished.append(arguments))
        self.manager.on_resources(self.resources.append)
        self.manager.on_node_lost(lambda *arguments: self.lost.append(arguments))

    def launch(self) -> None:
        launch(self.manager, self.launcher)

    def report(self, *nodes: str) -> None:
        for node in nodes:
            self.manager.report_resources(node_resources(node), version=VERSION)

    def poll(self, node: str = "node1") -> Poll:
        poll = Poll()
        self.manager.next_command(node, poll)
        return poll

    def start(self, name: str = "a", node: str = "node1") -> None:
        self.manager.start(
            node, name, Path("/work"), ["/bin/a"], {"A": "b"}, Path("/out"), Path("/err")
        )


@pytest.fixture
def bench() -> Bench:
    """One node, whose agent has reported."""
    bench = Bench("node1")
    bench.launch()
    bench.report("node1")
    return bench


@pytest.fixture
def two() -> Bench:
    """Two nodes, whose agents have reported."""
    bench = Bench("node1", "node2")
    bench.launch()
    bench.report("node1", "node2")
    return bench


STARTED = StartCommand(
    "a", Path("/work"), ("/bin/a",), {"A": "b"}, Path("/out"), Path("/err"), extend_env=False
)


def test_orders_for_agents_are_complete() -> None:
    bench = Bench("node1")
    bench.launch()
    orders = bench.launcher.orders
    assert orders is not None
    assert orders.manager_locations == ("tcp:manager:9000",)
    assert (orders.secret, orders.timeout, orders.grace_time) == ("secret", 30.0, 5.0)
    assert orders.log_directory == Path("/logs")


def test_resources_are_announced_when_all_agents_have_reported() -> None:
    bench = Bench("node1", "node2")
    bench.launch()
    bench.report("node2")
    assert bench.resources == []
    bench.report("node1")
    everything = Resources((node_resources("node1"), node_resources("node2")))
    assert bench.resources == [everything]
    assert bench.manager.get_resources() == everything


def test_agents_may_report_before_the_launch_returns() -> None:
    bench = Bench("node1", "node2")
    bench.report("node2", "node1")
    assert bench.resources == []
    bench.launch()
    assert [node.node for node in bench.resources[0]] == ["node1", "node2"]


def test_lost_node_is_missing_from_the_resources() -> None:
    bench = Bench("node1", "node2")
    bench.launch()
    bench.report("node1")
    bench.launcher.lose("node2", "no python there")
    bench.clock.advance()
    assert bench.lost == [("node2", "no python there")]
    assert bench.resources == [Resources((node_resources("node1"),))]


def test_agent_with_another_version_is_rejected_and_its_node_lost() -> None:
    bench = Bench("node1")
    bench.launch()
    with pytest.raises(ManagerRefused, match=r"node1.*version 1\.1.*version 1\.2"):
        bench.manager.report_resources(node_resources("node1"), version="1.1")
    assert [node for node, _ in bench.lost] == ["node1"]
    assert "install the same version" in bench.lost[0][1]


def test_command_is_sent_to_a_polling_agent(bench: Bench) -> None:
    poll = bench.poll()
    assert poll.answers == []
    bench.start()
    assert poll.answers == [STARTED]


def test_command_waits_for_a_poll(bench: Bench) -> None:
    bench.start()
    assert bench.poll().answers == [STARTED]


def test_each_poll_gets_one_command_in_order(bench: Bench) -> None:
    names = ["a", "b", "c"]
    for name in names:
        bench.start(name)
    commands = [bench.poll().answers for _ in names]
    assert [command.name for (command,) in commands] == names  # type: ignore[union-attr]
    assert bench.poll().answers == []


def test_command_is_sent_to_its_node_only(two: Bench) -> None:
    one, other = two.poll("node1"), two.poll("node2")
    two.start("a", "node2")
    assert (one.answers, len(other.answers)) == ([], 1)


def test_polling_agent_gets_a_heartbeat(bench: Bench) -> None:
    poll = bench.poll()
    bench.clock.advance(9.9)
    assert poll.answers == []
    bench.clock.advance(0.2)
    assert poll.answers == [None]


def test_poll_is_answered_once(bench: Bench) -> None:
    poll = bench.poll()
    bench.start()
    bench.clock.advance(20.0)
    assert poll.answers == [STARTED]


def test_second_poll_replaces_the_first(bench: Bench) -> None:
    first, second = bench.poll(), bench.poll()
    bench.start()
    assert (first.answers, second.answers) == ([None], [STARTED])


def test_start_on_an_unknown_node_is_rejected(bench: Bench) -> None:
    with pytest.raises(ValueError, match="no node 'node7', only node1"):
        bench.start("a", "node7")


def test_start_with_the_name_of_a_running_process_is_rejected(two: Bench) -> None:
    two.start("a", "node1")
    with pytest.raises(ValueError, match="'a' is running already"):
        two.start("a", "node2")


def test_process_end_is_reported_once(bench: Bench) -> None:
    bench.start()
    for _ in range(2):
        bench.manager.report_result([ProcessResult("a", Exited(3))], node="node1")
    assert bench.finished == [("a", Exited(3))]
    assert bench.manager.get_finished() == [("a", Exited(3))]
    assert bench.manager.get_finished() == []


def test_process_end_is_reported_with_its_reason(bench: Bench) -> None:
    bench.start()
    bench.manager.report_result([ProcessResult("a", NeverStarted("no such file"))])
    assert bench.finished == [("a", NeverStarted("no such file"))]


def test_end_of_an_unknown_process_is_ignored(bench: Bench) -> None:
    bench.manager.report_result([ProcessResult("b", SUCCESS)])
    assert bench.finished == []


def test_name_can_be_reused_after_the_process_has_ended(bench: Bench) -> None:
    for exit_code in (1, 2):
        bench.start()
        bench.manager.report_result([ProcessResult("a", Exited(exit_code))])
    assert bench.finished == [("a", Exited(1)), ("a", Exited(2))]


def test_cancel_is_sent_to_all_nodes(two: Bench) -> None:
    polls = [two.poll("node1"), two.poll("node2")]
    two.manager.cancel_all()
    assert [poll.answers for poll in polls] == [[CancelCommand()], [CancelCommand()]]


def test_cancel_ends_processes_whose_start_no_agent_has_fetched(bench: Bench) -> None:
    bench.start("a")
    bench.poll()
    bench.start("b")
    bench.manager.cancel_all()
    assert bench.finished == []
    bench.clock.advance()
    cancelled = NeverStarted("it was cancelled before its agent fetched the command")
    assert bench.finished == [("b", cancelled)]
    assert bench.poll().answers == [CancelCommand()]


def test_silent_agent_is_lost_with_its_processes(two: Bench) -> None:
    two.start("a", "node1")
    two.start("b", "node2")
    two.poll("node1")
    two.clock.advance(20.0)
    two.poll("node2")
    two.clock.advance(9.0)
    assert two.lost == []
    two.clock.advance(2.0)
    assert two.lost == [("node1", "its agent sent nothing for 30 seconds")]
    reason = "node 'node1' was lost: its agent sent nothing for 30 seconds"
    assert two.finished == [("a", NodeLost(reason))]


@pytest.mark.parametrize(
    "sign",
    [
        lambda bench: bench.poll(),
        lambda bench: bench.report("node1"),
        lambda bench: bench.manager.report_result([], node="node1"),
    ],
)
def test_any_request_is_a_sign_of_life(bench: Bench, sign: Callable[[Bench], object]) -> None:
    bench.clock.advance(25.0)
    sign(bench)
    bench.clock.advance(25.0)
    assert bench.lost == []


def test_polling_agent_is_never_lost(bench: Bench) -> None:
    for _ in range(50):
        poll = bench.poll()
        bench.clock.advance(10.0)
        assert poll.answers == [None]
    assert bench.lost == []


def test_agent_that_never_reports_is_lost() -> None:
    bench = Bench("node1")
    bench.launch()
    bench.clock.advance(59.0)
    assert bench.lost == []
    bench.clock.advance(2.0)
    assert bench.lost == [("node1", "its agent did not report within 60 seconds")]


def test_loss_reported_by_the_launcher_is_handled_on_the_services_thread(bench: Bench) -> None:
    bench.start()
    bench.launcher.lose("node1", "killed; it printed: oops")
    assert bench.finished == []
    bench.clock.advance()
    assert bench.finished == [("a", NodeLost("node 'node1' was lost: killed; it printed: oops"))]


def test_node_loss_is_reported_once(bench: Bench) -> None:
    bench.launcher.lose("node1", "one")
    bench.launcher.lose("node1", "two")
    bench.clock.advance(100.0)
    assert bench.lost == [("node1", "one")]


def test_agent_that_returns_after_its_loss_is_shut_down(bench: Bench) -> None:
    bench.start()
    bench.launcher.lose("node1", "cable pulled")
    bench.clock.advance()
    bench.manager.report_result([ProcessResult("a", SUCCESS)], node="node1")
    assert bench.poll().answers == [ShutdownCommand()]
    assert len(bench.finished) == 1
    with pytest.raises(ManagerRefused):
        bench.report("node1")


def test_agent_that_polls_when_it_is_lost_is_shut_down(bench: Bench) -> None:
    poll = bench.poll()
    bench.launcher.lose("node1", "gone")
    bench.clock.advance()
    assert poll.answers == [ShutdownCommand()]


def test_process_started_on_a_lost_node_ends_soon(bench: Bench) -> None:
    bench.launcher.lose("node1", "gone")
    bench.clock.advance()
    bench.start()
    bench.clock.advance()
    assert bench.finished == [("a", NodeLost("node 'node1' was lost: gone"))]
    assert bench.manager.get_resources() == Resources()


def test_shutdown_reaches_all_agents(two: Bench) -> None:
    done: list[bool] = []
    poll = two.poll("node1")
    two.manager.shutdown(lambda: done.append(True))
    assert poll.answers == [ShutdownCommand()]
    assert done == []
    assert two.poll("node2").answers == [ShutdownCommand()]
    assert done == [True]


def test_shutdown_does_not_wait_for_lost_nodes(two: Bench) -> None:
    done: list[bool] = []
    two.launcher.lose("node1", "gone")
    two.clock.advance()
    two.manager.shutdown(lambda: done.append(True))
    two.poll("node2")
    assert done == [True]


def test_shutdown_without_agents_is_done_immediately() -> None:
    done: list[bool] = []
    Bench().manager.shutdown(lambda: done.append(True))
    assert done == [True]


def test_agent_that_was_shut_down_is_not_lost(bench: Bench) -> None:
    bench.start()
    bench.poll()
    bench.manager.shutdown()
    bench.poll()
    bench.launcher.lose("node1", "exited with code 0")
    bench.clock.advance(1000.0)
    assert bench.lost == []
    bench.manager.report_result([ProcessResult("a", Killed(15))], node="node1")
    assert bench.finished == [("a", Killed(15))]


def test_agent_that_reports_after_the_shutdown_is_shut_down(bench: Bench) -> None:
    bench.manager.shutdown()
    bench.report("node2")
    assert bench.poll("node2").answers == [ShutdownCommand()]


def test_listener_may_call_the_manager(bench: Bench) -> None:
    manager = AgentManager(
        None,
        scheduler=bench.clock,
        clock=bench.clock,
        log=structlog.get_logger(),
        version=VERSION,
    )
    manager.on_finished(lambda *_: manager.cancel_all())
    manager.on_resources(
        lambda _: manager.start("n", "a", Path(), ["a"], {}, Path("out"), Path("err"))
    )
    launch(manager, InMemoryAgentLauncher(["n"]))
    manager.report_resources(node_resources("n"), version=VERSION)
    poll = Poll()
    manager.next_command("n", poll)
    assert [type(command) for command in poll.answers] == [StartCommand]
    manager.report_result([ProcessResult("a", Exited(1))], node="n")
    manager.next_command("n", poll)
    assert poll.answers[-1] == CancelCommand()


def test_output_is_passed_on_if_the_process_runs_on_that_node(two: Bench) -> None:
    passed: list[OutputPiece] = []
    done: list[str] = []

    def store(piece: OutputPiece, is_stored: Callable[[], None]) -> None:
        passed.append(piece)
        is_stored()

    two.manager.on_output(store)
    two.start("a", "node1")
    piece = OutputPiece("a", False, 0, b"x")
    two.manager.report_output(piece, lambda: done.append("wrong node"), node="node2")
    two.manager.report_output(piece, lambda: done.append("node"), node="node1")
    assert passed == [piece]
    assert done == ["wrong node", "node"]


def test_launcher_gives_up_the_agent_of_a_lost_node(two: Bench) -> None:
    two.clock.advance(TIMEOUTS.silence / 2)
    two.poll("node1")
    two.clock.advance(TIMEOUTS.silence / 2)
    assert [node for node, _ in two.lost] == ["node2"]
    assert two.launcher.given_up == ["node2"]


def test_changes_of_nodes_are_reported_to_listeners() -> None:
    bench = Bench("node1", "node2")
    seen: list[NodeStatus] = []
    bench.manager.on_node_changed(seen.append)
    bench.launch()
    bench.report("node1")
    bench.manager.next_command("node1", Poll(), load=NodeLoad(1.5, 2**30))
    bench.launcher.lose("node2", "no power")
    bench.clock.advance()
    one, loaded, two = seen
    assert (one.node, one.load) == ("node1", None)
    assert (loaded.node, loaded.load, loaded.memory_used) == ("node1", 1.5, 2**30)
    assert two.loss == "node 'node2' was lost: no power"


def test_status_of_nodes_has_their_processes_and_losses() -> None:
    bench = Bench("node1", "node2", "node3")
    bench.launch()
    bench.report("node1", "node2")
    bench.start("a", "node1")
    bench.launcher.lose("node2", "no power")
    bench.clock.advance()
    one, two, three = bench.manager.nodes()
    assert (one.node, one.instances, one.loss) == ("node1", ("a",), "")
    assert one.cores == len(node_resources("node1").cores)
    assert two.loss == "node 'node2' was lost: no power"
    assert (three.cores, three.memory, three.instances) == (0, None, ())
