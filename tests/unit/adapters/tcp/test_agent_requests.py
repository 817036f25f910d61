"""Executing the requests of agents."""

import pytest

from adapters.in_memory.agent_desk import InMemoryAgentDesk
from adapters.tcp.agent_requests import execute_agent_request
from adapters.wire import map as protocol
from adapters.wire.map import NodeReport
from adapters.wire.requests import Status, decode_response
from domain.errors import ManagerRefused, RemoteProtocolError
from domain.placement.resources import NodeResources
from domain.running.agents import ShutdownCommand
from domain.running.process_end import Killed, ProcessResult


class RefusingDesk:
    """Refuses all requests."""

    def __getattr__(self, name):
        def refuse(*args, **kwargs):
            raise ManagerRefused(f"no {name}")

        return refuse


RESOURCES = NodeResources("node1", frozenset())
RESULT = ProcessResult("macro", Killed(9))


def execute(desk, kind, *arguments):
    """Execute a request; return the list that receives the responses."""
    responses = []
    data = kind.encode(*arguments)
    execute_agent_request(desk, data, responses.append, identity="agent node1")
    return responses


@pytest.mark.parametrize("identity", ["agent node2", "instance macro", "", "program"])
@pytest.mark.parametrize(
    "request_",
    [
        (protocol.report_resources, NodeReport(RESOURCES, "1.2")),
        (protocol.report_results, (RESULT,), "node1"),
        (protocol.get_command, protocol.CommandPoll("node1")),
    ],
)
def test_request_in_the_name_of_another_agent_is_rejected(identity, request_):
    kind, *arguments = request_
    responses = []
    desk = InMemoryAgentDesk()
    with pytest.raises(RemoteProtocolError, match="agent of node 'node1'"):
        execute_agent_request(desk, kind.encode(*arguments), responses.append, identity=identity)
    assert decode_response(responses[0][0])[0] is Status.ERROR
    assert not desk.nodes


def test_report_of_resources_reaches_the_desk():
    desk = InMemoryAgentDesk(version="1.2")
    ((response,),) = execute(desk, protocol.report_resources, NodeReport(RESOURCES, "1.2"))
    assert decode_response(response) == (Status.SUCCESS, [])
    assert desk.resources == RESOURCES


def test_report_of_results_reaches_the_desk():
    desk = InMemoryAgentDesk()
    ((response,),) = execute(desk, protocol.report_results, (RESULT,), "node1")
    assert decode_response(response) == (Status.SUCCESS, [])
    assert (desk.results, desk.nodes) == ([RESULT], {"node1"})


@pytest.mark.parametrize("command", [ShutdownCommand(), None])
def test_request_for_a_command_is_answered_when_the_desk_has_one(command):
    desk = InMemoryAgentDesk()
    responses = execute(desk, protocol.get_command, protocol.CommandPoll("node1"))
    assert (desk.nodes, responses) == ({"node1"}, [])
    desk.command(command)
    ((response,),) = responses
    status, values = decode_response(response)
    if command is None:
        assert (status, values) == (Status.PENDING, [])
    else:
        assert protocol.get_command.decode_answer(values) == command


@pytest.mark.parametrize(
    "request_",
    [
        (protocol.report_resources, NodeReport(RESOURCES, "1.2")),
        (protocol.report_results, (RESULT,), "node1"),
        (protocol.get_command, protocol.CommandPoll("node1")),
    ],
)
def test_refusal_is_answered_with_its_reason(request_):
    ((response,),) = execute(RefusingDesk(), *request_)
    status, (reason,) = decode_response(response)
    assert status is Status.ERROR
    assert reason.startswith("no ")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "not valid MessagePack"),
        (b"\xc1", "not valid MessagePack"),
        (b"\x91\x05", "unknown type 5"),
        (b"\x91\x00", "unknown type 0"),
    ],
)
def test_invalid_request_is_answered_with_an_error_and_raises(data, text):
    responses = []
    with pytest.raises(RemoteProtocolError):
        execute_agent_request(InMemoryAgentDesk(), data, responses.append, identity="agent node1")
    ((response,),) = responses
    status, (reason,) = decode_response(response)
    assert status is Status.ERROR
    assert text in reason
