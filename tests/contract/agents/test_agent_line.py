"""Contract of AgentLine."""

import threading
from abc import ABC, abstractmethod

import pytest

from adapters.in_memory.agent_desk import InMemoryAgentDesk
from adapters.in_memory.agent_line import InMemoryAgentLine
from adapters.in_memory.processes import InMemoryNodeInspector
from adapters.io.event_loop import EventLoop
from adapters.tcp.agent_line import TcpAgentLine
from adapters.tcp.agent_requests import execute_agent_request
from adapters.tcp.server import Server
from adapters.wire.locations import TCP, format_location
from application.interfaces.agent_line import AgentLine
from domain.errors import ManagerRefused, TransportError
from domain.placement.resources import NodeResources
from domain.running.activity import Activity
from domain.running.agents import CancelCommand, Command, ShutdownCommand
from domain.running.nodes import NodeLoad
from domain.running.outputs import OutputPiece
from domain.running.process_end import SUCCESS, Exited, NodeLost, ProcessResult
from tests.support.conditions import PATIENCE, wait_until

RESOURCES = InMemoryNodeInspector("n", cores=3, memory=1000).resources()
SECRET = "s"
VERSION = "1.2"


class AgentLineContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def open(self) -> AgentLine:
        """Return a connection from node `n` to a manager."""

    @abstractmethod
    def close(self) -> None:
        """Close that manager."""

    @abstractmethod
    def command(self, command: "Command | None") -> None:
        """Make the manager send a command; None is a heartbeat."""

    @abstractmethod
    def refuse(self, text: str) -> None:
        """Make the manager reject the next request for a command."""

    @abstractmethod
    def resources(self) -> "NodeResources | None":
        """Return the resources that an agent of `VERSION` reported to the manager."""

    @abstractmethod
    def results(self) -> list[ProcessResult]:
        """Return the results that the manager received."""

    @abstractmethod
    def activities(self) -> "list[dict[str, Activity]]":
        """Return the reports of activity that the manager received."""

    @abstractmethod
    def loads(self) -> "list[NodeLoad | None]":
        """Return the loads in the requests for commands that the manager received."""

    @abstractmethod
    def output(self) -> "list[OutputPiece]":
        """Return the pieces of output that the manager received."""

    @pytest.fixture
    def line(self):
        line = self.open()
        yield line
        line.close(timeout=PATIENCE)
        self.close()

    def test_reported_resources_arrive(self, line):
        line.report_resources(RESOURCES, version=VERSION)
        assert self.resources() == RESOURCES

    def test_commands_arrive_in_order(self, line):
        commands = [CancelCommand(), None, ShutdownCommand()]
        for command in commands:
            self.command(command)
        assert [line.next_command() for _ in commands] == commands

    def test_reported_load_arrives_with_the_request_for_a_command(self, line):
        loads = [NodeLoad(1.5, 2**30), None, NodeLoad()]
        for load in loads:
            self.command(None)
            line.next_command(load)
        assert self.loads() == loads

    def test_next_command_waits_for_a_command(self, line):
        commands: list[Command | None] = []
        thread = threading.Thread(target=lambda: commands.append(line.next_command()))
        thread.start()
        self.command(CancelCommand())
        thread.join(PATIENCE)
        assert commands == [CancelCommand()]

    def test_rejected_request_raises_an_error(self, line):
        self.refuse("go away")
        with pytest.raises(ManagerRefused, match="go away"):
            line.next_command()

    def test_results_arrive_in_order_during_a_wait_for_a_command(self, line):
        thread = threading.Thread(target=line.next_command)
        thread.start()
        results = [ProcessResult("a", SUCCESS), ProcessResult("b", NodeLost("why"))]
        line.report_results(results[:2])
        line.report_results(results[2:])
        wait_until(lambda: len(self.results()) == len(results))
        assert self.results() == results
        self.command(None)
        thread.join(PATIENCE)

    def test_reported_activities_arrive_in_order(self, line):
        reports = [{"a": Activity.IDLE, "b": Activity.STOPPED}, {"a": Activity.BUSY}]
        for report in reports:
            line.report_activities(report)
        wait_until(lambda: len(self.activities()) == len(reports))
        assert self.activities() == reports

    def test_reported_output_has_arrived_when_the_call_returns(self, line):
        pieces = [OutputPiece("a", True, 0, b"x\0\xff"), OutputPiece("a", False, 7, b"")]
        for number, piece in enumerate(pieces, start=1):
            line.report_output(piece)
            assert self.output() == pieces[:number]

    def test_close_sends_pending_results(self, line):
        results = [ProcessResult(f"p{number}", Exited(number)) for number in range(20)]
        for result in results:
            line.report_results([result])
        line.close(timeout=PATIENCE)
        assert self.results() == results

    def test_closed_line_raises_an_error(self, line):
        line.close(timeout=PATIENCE)
        with pytest.raises(TransportError):
            line.next_command()
        with pytest.raises(TransportError):
            line.report_output(OutputPiece("a", False, 0, b"x"))


class TestInMemoryAgentLine(AgentLineContract):
    def open(self):
        self.line = InMemoryAgentLine()
        return self.line

    def close(self):
        """Do nothing: this adapter has no manager."""

    def command(self, command):
        self.line.command(command)

    def refuse(self, text):
        self.line.fail(ManagerRefused(text))

    def resources(self):
        return self.line.resources if self.line.version == VERSION else None

    def results(self):
        return self.line.results

    def activities(self):
        return self.line.activities

    def loads(self):
        return self.line.loads

    def output(self):
        return self.line.output


class TestTcpAgentLine(AgentLineContract):
    def open(self):
        self.desk = InMemoryAgentDesk(version=VERSION)
        self.server = Server(
            lambda request, reply: execute_agent_request(
                self.desk, request.body, reply, identity=request.session.owner.identity
            ),
            loop=EventLoop("server"),
            max_request=2**20,
            secret=SECRET,
            needs_secret=lambda _request: True,
        )
        location = format_location(TCP, self.server.listen(["127.0.0.1"]))
        self.server.start()
        return TcpAgentLine([location], secret=SECRET, node="n", retry_time=PATIENCE)

    def close(self):
        self.server.close()
        assert self.desk.nodes <= {"n"}

    def command(self, command):
        self.server.loop.call_soon(lambda: self.desk.command(command))

    def refuse(self, text):
        self.server.loop.call_soon(lambda: self.desk.fail(ManagerRefused(text)))

    def resources(self):
        return self.desk.resources

    def results(self):
        return self.desk.results

    def activities(self):
        return self.desk.activities

    def loads(self):
        return self.desk.loads

    def output(self):
        return self.desk.output
