"""A scripted desk for node agents, without a manager."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import final

from application.interfaces.agent_desk import AgentDesk
from domain.errors import CouplingError, ManagerRefused
from domain.placement.resources import NodeResources
from domain.running.activity import Activity
from domain.running.agents import Command
from domain.running.nodes import NodeLoad
from domain.running.outputs import OutputPiece
from domain.running.process_end import ProcessResult
from domain.version import VERSION


@final
class InMemoryAgentDesk(AgentDesk):
    """Returns given commands to an agent, and records its reports.

    Args:
        version: The version that the agent must have.
    """

    def __init__(self, *, version: str = VERSION) -> None:
        self._version = version
        self._answers: deque[Command | CouplingError | None] = deque()
        self._reply: Callable[[Command | None], None] | None = None
        self.nodes: set[str | None] = set()
        """The nodes named in requests for commands and in reports of results."""
        self.resources: NodeResources | None = None
        """The reported resources of the node."""
        self.loads: list[NodeLoad | None] = []
        """The load in each request for a command, in order."""
        self.activities: list[dict[str, Activity]] = []
        """All reports of what processes are doing, in order."""
        self.output: list[OutputPiece] = []
        """All pieces of the output of programs, in order."""
        self.results: list[ProcessResult] = []
        """All reported results, in order."""

    def command(self, command: Command | None) -> None:
        """Send a command to the agent; None is a heartbeat."""
        if self._reply is None:
            self._answers.append(command)
            return
        reply, self._reply = self._reply, None
        reply(command)

    def fail(self, error: CouplingError) -> None:
        """Make the agent's next request fail, after the commands that are queued."""
        self._answers.append(error)

    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        if version != self._version:
            msg = f"the agent on node '{resources.node}' is version {version}, not {self._version}"
            raise ManagerRefused(msg)
        self.resources = resources

    def next_command(
        self,
        node: str,
        reply: Callable[[Command | None], None],
        *,
        load: NodeLoad | None = None,
    ) -> None:
        self.nodes.add(node)
        self.loads.append(load)
        if not self._answers:
            self._reply = reply
            return
        answer = self._answers.popleft()
        if isinstance(answer, CouplingError):
            raise answer
        reply(answer)

    def report_activities(self, activities: Mapping[str, Activity], *, node: str) -> None:
        self.nodes.add(node)
        self.activities.append(dict(activities))

    def report_output(self, piece: OutputPiece, done: Callable[[], None], *, node: str) -> None:
        self.nodes.add(node)
        self.output.append(piece)
        done()

    def report_result(self, results: Sequence[ProcessResult], *, node: str | None = None) -> None:
        self.nodes.add(node)
        self.results += results
