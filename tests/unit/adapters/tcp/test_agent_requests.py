"""What an agent is answered."""

import pytest

from adapters.in_memory.agent_desk import InMemoryAgentDesk
from adapters.tcp.agent_requests import execute_agent_request
from adapters.wire import map as protocol
from domain.errors import ManagerRefused, RemoteProtocolError
from domain.placement.resources import NodeResources
from domain.running.agents import ShutdownCommand
from domain.running.process_end import Killed, ProcessResult


class RefusingDesk:
    """Refuses everything."""

    def __getattr__(self, name):
        def refuse(*args, **kwargs):
            raise ManagerRefused(f"no {name}")

        return refuse


RESOURCES = NodeResources("node1", frozenset())
RESULT = ProcessResult("macro", Killed(9))


def execute(desk, request):
    """Execute a request; return the list that responses are put into."""
    responses = []
    execute_agent_request(desk, protocol.encode_request(request), responses.append)
    return responses


def test_resources_come_to_the_desk_and_are_accepted():
    desk = InMemoryAgentDesk(version="1.2")
    ((response,),) = execute(desk, protocol.ReportResources(RESOURCES, "1.2"))
    protocol.decode_accepted(response)
    assert desk.resources == RESOURCES


def test_results_come_to_the_desk_and_are_accepted():
    desk = InMemoryAgentDesk()
    ((response,),) = execute(desk, protocol.ReportResults((RESULT,), "node1"))
    protocol.decode_accepted(response)
    assert (desk.results, desk.nodes) == ([RESULT], {"node1"})


@pytest.mark.parametrize("command", [ShutdownCommand(), None])
def test_a_command_is_answered_when_there_is_one(command):
    desk = InMemoryAgentDesk()
    responses = execute(desk, protocol.GetCommand("node1"))
    assert (desk.nodes, responses) == ({"node1"}, [])
    desk.command(command)
    ((response,),) = responses
    assert protocol.decode_command(response) == command


@pytest.mark.parametrize(
    "request_",
    [
        protocol.ReportResources(RESOURCES, "1.2"),
        protocol.ReportResults((RESULT,), "node1"),
        protocol.GetCommand("node1"),
    ],
)
def test_a_refusal_is_answered_with_its_reason(request_):
    ((response,),) = execute(RefusingDesk(), request_)
    with pytest.raises(ManagerRefused, match=r"^no "):
        protocol.decode_accepted(response)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "not valid MessagePack"),
        (b"\xc1", "not valid MessagePack"),
        (b"\x91\x05", "no request of type 5"),
        (protocol.encode_accepted(), "no request of type 0"),
    ],
)
def test_what_makes_no_sense_is_answered_and_told(data, text):
    responses = []
    with pytest.raises(RemoteProtocolError):
        execute_agent_request(InMemoryAgentDesk(), data, responses.append)
    ((response,),) = responses
    with pytest.raises(ManagerRefused, match=text):
        protocol.decode_accepted(response)
