"""An agent's connection to its manager: over TCP, and in memory."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest
import structlog

from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.in_memory.agent_line import InMemoryAgentLine
from adapters.in_memory.processes import InMemoryNodeInspector
from adapters.system.clock import SystemClock
from adapters.tcp.agent_line import TcpAgentLine
from adapters.tcp.agent_requests import execute_agent_request
from adapters.tcp.server import Server
from adapters.wire.locations import TCP, format_location
from application.interfaces.agent_desk import AgentDesk
from application.interfaces.agent_line import AgentLine
from application.manager.agent_management import AgentManager
from domain.agents import CancelCommand, Command, ProcessResult, ShutdownCommand
from domain.errors import ManagerRefused, RemoteProtocolError, TransportError
from tests.support.conditions import wait_until

RESOURCES = InMemoryNodeInspector("n", cores=3, memory=1000).resources()
SECRET = "s"


class ManagerSide(ABC):
    """What a test does and sees on the other side of a line."""

    line: AgentLine

    @abstractmethod
    def command(self, command: Command | None) -> None: ...

    @abstractmethod
    def refuse(self, text: str) -> None: ...

    @abstractmethod
    def reported(self) -> tuple[object, object, list[ProcessResult]]: ...


class InMemorySide(ManagerSide):
    def __init__(self) -> None:
        self.line = self._line = InMemoryAgentLine()

    def command(self, command: Command | None) -> None:
        self._line.command(command)

    def refuse(self, text: str) -> None:
        self._line.fail(ManagerRefused(text))

    def reported(self) -> tuple[object, object, list[ProcessResult]]:
        return self._line.resources, self._line.version, self._line.results


class TcpSide(ManagerSide, AgentDesk):
    """A server whose desk answers as it is told."""

    def __init__(self) -> None:
        self.server = Server(
            lambda request, reply: execute_agent_request(self, request.body, reply),
            name="server",
            max_request=2**20,
            secret=SECRET,
            require_secret=True,
        )
        location = format_location(TCP, self.server.listen(["127.0.0.1"]))
        self.server.start()
        self.line = TcpAgentLine([location], secret=SECRET, node="n", retry_time=5.0)
        self._reported: tuple[object, object] = (None, None)
        self._results: list[ProcessResult] = []
        self._to_send: list[Command | ManagerRefused | None] = []
        self._waiting: object = None

    def report_resources(self, resources: object, *, version: str) -> None:
        self._reported = (resources, version)

    def next_command(self, node: str, reply) -> None:
        assert node == "n"
        if self._to_send and isinstance(self._to_send[0], ManagerRefused):
            raise self._to_send[0]
        if self._to_send:
            reply(self._to_send.pop(0))
        else:
            self._waiting = reply

    def report_result(self, results, *, node: str | None = None) -> None:
        assert node == "n"
        self._results += results

    def command(self, command: Command | None) -> None:
        self.server.loop.call_soon(lambda: self._send(command))

    def _send(self, command: Command | None) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            self._to_send.append(command)
        else:
            waiting(command)  # type: ignore[operator]

    def refuse(self, text: str) -> None:
        self._to_send.append(ManagerRefused(text))

    def reported(self) -> tuple[object, object, list[ProcessResult]]:
        return *self._reported, self._results


@pytest.fixture(params=[InMemorySide, TcpSide])
def side(request: pytest.FixtureRequest) -> Iterator[ManagerSide]:
    side = request.param()
    yield side
    side.line.close(timeout=5.0)
    if isinstance(side, TcpSide):
        side.server.close()


def test_resources_arrive(side: ManagerSide) -> None:
    side.line.report_resources(RESOURCES, version="1.2")
    assert side.reported()[:2] == (RESOURCES, "1.2")


def test_commands_arrive_in_order(side: ManagerSide) -> None:
    commands = [CancelCommand(), None, ShutdownCommand()]
    for command in commands:
        side.command(command)
    assert [side.line.next_command() for _ in commands] == commands


def test_a_command_is_waited_for(side: ManagerSide) -> None:
    commands: list[Command | None] = []
    thread = threading.Thread(target=lambda: commands.append(side.line.next_command()), name="w")
    thread.start()
    side.command(CancelCommand())
    thread.join(30.0)
    assert commands == [CancelCommand()]


def test_a_refusal_is_an_error(side: ManagerSide) -> None:
    side.refuse("go away")
    with pytest.raises(ManagerRefused, match="go away"):
        side.line.next_command()


def test_results_arrive_in_order_while_a_command_is_waited_for(side: ManagerSide) -> None:
    thread = threading.Thread(target=side.line.next_command, name="w")
    thread.start()
    results = [ProcessResult("a", 0), ProcessResult("b", -9, "why"), ProcessResult("c", 1)]
    side.line.report_results(results[:2])
    side.line.report_results(results[2:])
    wait_until(lambda: len(side.reported()[2]) == len(results))
    assert side.reported()[2] == results
    side.command(None)
    thread.join(30.0)


def test_closing_sends_what_is_left(side: ManagerSide) -> None:
    results = [ProcessResult(f"p{number}", number) for number in range(20)]
    for result in results:
        side.line.report_results([result])
    side.line.close(timeout=30.0)
    assert side.reported()[2] == results


def test_nothing_is_heard_on_a_closed_line(side: ManagerSide) -> None:
    side.line.close(timeout=5.0)
    with pytest.raises(TransportError):
        side.line.next_command()


def test_a_line_to_nowhere_can_be_closed_in_time() -> None:
    line = TcpAgentLine(["tcp:127.0.0.1:1"], secret=SECRET, node="n", retry_time=60.0)
    line.report_results([ProcessResult("a", 0)])
    line.close(timeout=0.05)
    wait_until(lambda: not any("agent-results" in t.name for t in threading.enumerate()))


def test_requests_that_make_no_sense_are_refused() -> None:
    manager = AgentManager(
        None,
        scheduler=None,  # type: ignore[arg-type]
        clock=SystemClock(),
        launcher=InMemoryAgentLauncher(),
        log=structlog.get_logger(),
    )
    replies: list[bytes] = []
    with pytest.raises(RemoteProtocolError):
        execute_agent_request(manager, b"\x91\x05", lambda parts: replies.append(b"".join(parts)))
    assert b"no request of type 5" in replies[0]
