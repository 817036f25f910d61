"""Contract of AgentDesk."""

from abc import ABC, abstractmethod

import pytest

from adapters.in_memory.agent_desk import InMemoryAgentDesk
from adapters.in_memory.clock import ManualClock
from application.interfaces.agent_desk import AgentDesk
from application.nodes.agent_manager import AgentManager
from application.nodes.agent_timeouts import AgentTimeouts
from domain.errors import ManagerRefused
from domain.placement.resources import NodeResources
from domain.running.activity import Activity
from domain.running.agents import CancelCommand
from domain.running.outputs import OutputPiece
from domain.running.process_end import SUCCESS, ProcessResult
from domain.version import VERSION
from tests.support.loggers import silent_log

NODE = NodeResources("n", frozenset())


class AgentDeskContract(ABC):
    """Subclass it for each desk."""

    @pytest.fixture
    def desk(self) -> AgentDesk:
        desk = self.make()
        desk.report_resources(NODE, version=VERSION)
        return desk

    @pytest.fixture
    def replies(self) -> list[object]:
        return []

    @abstractmethod
    def make(self) -> AgentDesk:
        """Return a new desk."""

    @abstractmethod
    def command(self) -> None:
        """Send a cancel command to the agents of the last desk made."""

    @abstractmethod
    def wait(self) -> None:
        """Let time pass until the desk sends a heartbeat."""

    def test_agent_of_another_version_is_rejected(self):
        with pytest.raises(ManagerRefused, match="n"):
            self.make().report_resources(NODE, version="unknown")

    def test_pending_command_is_delivered_immediately(self, desk, replies):
        self.command()
        desk.next_command("n", replies.append)
        assert replies == [CancelCommand()]

    def test_later_command_is_delivered_once(self, desk, replies):
        desk.next_command("n", replies.append)
        assert replies == []
        self.command()
        self.command()
        assert replies == [CancelCommand()]

    def test_heartbeat_is_sent_without_a_command(self, desk, replies):
        desk.next_command("n", replies.append)
        self.wait()
        assert replies == [None]

    def test_activities_of_unknown_processes_are_accepted(self, desk, replies):
        desk.report_activities({"unheard_of": Activity.IDLE}, node="n")
        self.command()
        desk.next_command("n", replies.append)
        assert replies == [CancelCommand()]

    def test_results_of_unknown_processes_are_accepted(self, desk, replies):
        desk.report_result([ProcessResult("unheard_of", SUCCESS)], node="n")
        desk.report_result([])
        self.command()
        desk.next_command("n", replies.append)
        assert replies == [CancelCommand()]

    def test_output_of_unknown_processes_is_answered_and_dropped(self, desk, replies):
        piece = OutputPiece("unheard_of", False, 0, b"x")
        desk.report_output(piece, lambda: replies.append("done"), node="n")
        assert replies == ["done"]


class TestAgentManager(AgentDeskContract):
    def make(self):
        self.clock = ManualClock()
        self.manager = AgentManager(
            None,
            scheduler=self.clock,
            clock=self.clock,
            log=silent_log(),
        )
        return self.manager

    def command(self):
        self.manager.cancel_all()

    def wait(self):
        self.clock.advance(AgentTimeouts().heartbeat)


class TestInMemoryAgentDesk(AgentDeskContract):
    def make(self):
        self.made = InMemoryAgentDesk()
        return self.made

    def command(self):
        self.made.command(CancelCommand())

    def wait(self):
        self.made.command(None)
