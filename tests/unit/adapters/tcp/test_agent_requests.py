"""What an agent is answered."""

import pytest

from adapters.tcp.agent_requests import execute_agent_request
from adapters.wire import map as protocol
from domain.agents import ProcessResult, ShutdownCommand
from domain.errors import ManagerRefused, RemoteProtocolError
from domain.resources import NodeResources


class Desk:
    """Notes what it is told, and keeps who waits for a command."""

    def __init__(self):
        self.told = []
        self.waiting = []

    def report_resources(self, resources, *, version):
        self.told.append((resources, version))

    def next_command(self, node, reply):
        self.told.append(node)
        self.waiting.append(reply)

    def report_result(self, results, *, node):
        self.told.append((results, node))


class RefusingDesk:
    """Refuses everything."""

    def __getattr__(self, name):
        def refuse(*args, **kwargs):
            raise ManagerRefused(f"no {name}")

        return refuse


RESOURCES = NodeResources("node1", frozenset())
RESULT = ProcessResult("macro", -9)


def execute(desk, request):
    """Execute a request; return the list that responses are put into."""
    responses = []
    execute_agent_request(desk, protocol.encode_request(request), responses.append)
    return responses


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (protocol.ReportResources(RESOURCES, "1.2"), (RESOURCES, "1.2")),
        (protocol.ReportResults((RESULT,), "node1"), ((RESULT,), "node1")),
    ],
)
def test_a_report_comes_to_the_desk_and_is_accepted(request_, told):
    desk = Desk()
    (((response,),),) = [execute(desk, request_)]
    protocol.decode_accepted(response)
    assert desk.told == [told]


@pytest.mark.parametrize("command", [ShutdownCommand(), None])
def test_a_command_is_answered_when_there_is_one(command):
    desk = Desk()
    responses = execute(desk, protocol.GetCommand("node1"))
    assert (desk.told, responses) == (["node1"], [])
    desk.waiting[0](command)
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


@pytest.mark.parametrize("data", [b"", b"\xc1", protocol.encode_accepted()])
def test_what_makes_no_sense_is_answered_and_told(data):
    responses = []
    with pytest.raises(RemoteProtocolError):
        execute_agent_request(Desk(), data, responses.append)
    ((response,),) = responses
    with pytest.raises(ManagerRefused):
        protocol.decode_accepted(response)
