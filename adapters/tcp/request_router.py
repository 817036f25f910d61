"""Hands each request that arrives at the manager to the desk that it is for."""

from __future__ import annotations

from adapters.tcp.agent_requests import execute_agent_request
from adapters.tcp.instance_requests import execute_instance_request
from adapters.tcp.server import Reply
from adapters.wire import map as agent_protocol
from adapters.wire import mmp
from adapters.wire.session_server import Request, Session
from application.interfaces.agent_desk import AgentDesk
from application.interfaces.manager_desk import ManagerDesk


class RequestRouter:
    """Instances and agents use the same port; the type of a request says whose it is.

    Args:
        instances: Answers the requests of instances.
        agents: Answers the requests of agents.
    """

    def __init__(self, *, instances: ManagerDesk, agents: AgentDesk) -> None:
        self._instances = instances
        self._agents = agents

    @staticmethod
    def needs_secret(request: bytes) -> bool:
        """Whether only one of our own programs may make a request: agents are handed programs."""
        return agent_protocol.is_request(request)

    @staticmethod
    def may_wait(request: bytes) -> bool:
        """Whether a request can wait until those of other clients have been executed."""
        return mmp.is_background_request(request)

    def handle(self, request: Request, reply: Reply) -> None:
        """Have a request executed."""
        if agent_protocol.is_request(request.body):
            execute_agent_request(self._agents, request.body, reply)
        else:
            execute_instance_request(self._instances, request, reply)

    def note_connected(self, session: Session) -> None:
        """Pass on that a session has a connection now, if it is a registered instance's."""
        if session.client:
            self._instances.note_connected(session.client)

    def note_disconnected(self, session: Session) -> None:
        """Pass on that a session has no connection any more, if it is a registered instance's."""
        if session.client:
            self._instances.note_disconnected(session.client)
