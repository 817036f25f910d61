"""Routes each request to the manager to the desk for instances or for agents."""

from __future__ import annotations

from adapters.tcp.agent_requests import execute_agent_request
from adapters.tcp.instance_requests import execute_instance_request
from adapters.tcp.server import Reply
from adapters.wire import map as agent_protocol
from adapters.wire import mmp
from adapters.wire.session_server import Request, Session
from application.interfaces.admission import Admission
from application.interfaces.agent_desk import AgentDesk
from application.interfaces.manager_desk import ManagerDesk


class RequestRouter:
    """Routes requests by their type, since instances and agents use the same port.

    Args:
        instances: Answers the requests of instances.
        agents: Answers the requests of agents.
        admission: Decides which client may make which requests of instances.
    """

    def __init__(self, *, instances: ManagerDesk, agents: AgentDesk, admission: Admission) -> None:
        self._instances = instances
        self._agents = agents
        self._admission = admission

    @staticmethod
    def needs_secret(request: bytes) -> bool:
        """Whether a request needs the secret: those of agents do, as they fetch programs to run."""
        return agent_protocol.is_request(request)

    @staticmethod
    def may_wait(request: bytes) -> bool:
        """Whether a request can wait until those of other clients have been executed."""
        return mmp.is_background_request(request)

    def handle(self, request: Request, reply: Reply) -> None:
        """Execute a request at its desk."""
        if agent_protocol.is_request(request.body):
            execute_agent_request(
                self._agents, request.body, reply, identity=request.session.owner.identity
            )
        else:
            execute_instance_request(self._instances, request, reply, admission=self._admission)

    def note_connected(self, session: Session) -> None:
        """Report that a session got a connection, if it is a registered instance's."""
        if session.client:
            self._instances.note_connected(session.client)

    def note_disconnected(self, session: Session) -> None:
        """Report that a session lost its connection, if it is a registered instance's."""
        if session.client:
            self._instances.note_disconnected(session.client)
