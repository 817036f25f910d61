"""Routing each request to the right desk."""

import pytest

from adapters.in_memory.admission import InMemoryAdmission
from adapters.tcp.request_router import RequestRouter
from adapters.wire import map as agent_protocol
from adapters.wire import mmp
from adapters.wire.session_server import Request, Session
from domain.running.clients import agent_identity
from domain.running.events import InstanceState
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

AGENT_REQUEST = agent_protocol.get_command.encode(agent_protocol.CommandPoll("node1"))
INSTANCE_REQUEST = mmp.get_settings.encode()


class Desk:
    """Records the requests that it gets."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.calls.append(name)
            raise LookupError

        return call


@pytest.mark.parametrize(
    ("request_", "calls"),
    [(AGENT_REQUEST, ([], ["next_command"])), (INSTANCE_REQUEST, (["get_settings"], []))],
    ids=["agent", "instance"],
)
def test_request_is_passed_to_its_desk(request_, calls):
    instances, agents = Desk(), Desk()
    router = RequestRouter(instances=instances, agents=agents, admission=InMemoryAdmission())
    session = Session(1, identity=agent_identity("node1"))
    with pytest.raises(LookupError):
        router.handle(Request(session, 1, request_), lambda response: None)
    assert (instances.calls, agents.calls) == calls


def test_connections_are_recorded_for_registered_instances_only():
    desk = InMemoryServices(configuration("macro o_i -> micro f_init"))
    register = mmp.register_instance.encode("macro", ("tcp:a:1",), (), "0.11.0")
    router = RequestRouter(instances=desk.desk, agents=desk.agents, admission=InMemoryAdmission())
    session = Session(1)
    router.note_disconnected(Session(2))
    router.handle(Request(session, 1, register), lambda _: None)
    assert desk.board["macro"].state is InstanceState.RUNNING
    router.note_disconnected(session)
    assert desk.board["macro"].state is InstanceState.DISCONNECTED
    router.note_connected(session)
    assert desk.board["macro"].state is InstanceState.RUNNING


def test_secret_is_needed_for_requests_of_agents_only():
    assert RequestRouter.needs_secret(AGENT_REQUEST)
    assert not RequestRouter.needs_secret(INSTANCE_REQUEST)
    assert not RequestRouter.needs_secret(b"rubbish")
