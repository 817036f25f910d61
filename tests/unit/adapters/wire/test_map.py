import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.in_memory.agent_desk import InMemoryAgentDesk
from adapters.wire import map as protocol
from adapters.wire.agent_orders import decode_orders, encode_orders
from adapters.wire.map import NodeReport, OutputReport
from adapters.wire.packing import pack, unpack
from adapters.wire.requests import Request, Status, decode_response
from domain.errors import RemoteProtocolError
from domain.placement.resources import Core, Gpu, GpuKind, NodeResources
from domain.running.activity import Activity
from domain.running.agents import (
    AgentOrders,
    CancelCommand,
    Command,
    ShutdownCommand,
    StartCommand,
)
from domain.running.nodes import NodeLoad
from domain.running.outputs import OutputPiece
from domain.running.process_end import Exited, Killed, NeverStarted, NodeLost, ProcessResult

RESOURCES = NodeResources(
    "node1", frozenset({Core(0, frozenset({0, 2})), Core(1, frozenset({1, 3}))}), 2**35
)
ENDS = [Exited(0), Exited(3), Killed(9), NeverStarted("no such file"), NodeLost("gone")]
REQUESTS = [
    (protocol.report_resources, NodeReport(RESOURCES, "0.1.0")),
    (protocol.get_command, protocol.CommandPoll("node1")),
    (protocol.get_command, protocol.CommandPoll("node1", NodeLoad(1.5, 2**30))),
    (protocol.get_command, protocol.CommandPoll("node1", NodeLoad())),
    (
        protocol.report_results,
        tuple(ProcessResult("micro[1]", end) for end in ENDS),
        "node1",
    ),
    (protocol.report_activities, {"micro[1]": Activity.STOPPED}, "node1"),
    (protocol.report_output, OutputReport(OutputPiece("micro[1]", True, 9, b"\xff"), "node1")),
]
START = StartCommand(
    name="micro[1]",
    work_dir=Path("/run/work dir"),
    args=("/bin/sh", "-c", "echo $HOME"),
    env={"A": "b", "C": ""},
    stdout=Path("/run/stdout.txt"),
    stderr=Path("/run/stderr.txt"),
    extend_env=True,
)

names = st.text(min_size=1)
numbers = st.integers(0, 2**40)
paths = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
cores = st.builds(Core, numbers, st.frozensets(numbers))
gpus = st.lists(st.builds(Gpu, st.sampled_from(GpuKind), names), max_size=3).map(tuple)
resources = st.builds(
    NodeResources, names, st.frozensets(cores), st.none() | st.integers(0, 2**62), gpus
)
ends = st.one_of(
    st.builds(Exited, st.integers(0, 255)),
    st.builds(Killed, st.integers(1, 64)),
    st.builds(NeverStarted, st.text(max_size=20)),
    st.builds(NodeLost, st.text(max_size=20)),
)
results = st.builds(ProcessResult, names, ends)
loads = st.builds(NodeLoad, st.none() | st.floats(0, 1e6), st.none() | st.integers(0, 2**62))
arguments = {
    protocol.report_resources: st.tuples(st.builds(NodeReport, resources, st.text())),
    protocol.get_command: st.tuples(st.builds(protocol.CommandPoll, names, st.none() | loads)),
    protocol.report_activities: st.tuples(st.dictionaries(names, st.sampled_from(Activity)), names),
    protocol.report_output: st.tuples(
        st.builds(
            OutputReport,
            st.builds(OutputPiece, names, st.booleans(), st.integers(0, 2**40), st.binary()),
            names,
        )
    ),
    protocol.report_results: st.tuples(st.lists(results).map(tuple), st.none() | names),
}
"""Arguments for each request of the table."""
commands = st.one_of(
    st.just(CancelCommand()),
    st.just(ShutdownCommand()),
    st.builds(
        StartCommand,
        name=names,
        work_dir=paths.map(Path),
        args=st.lists(st.text()).map(tuple),
        env=st.dictionaries(names, st.text()),
        stdout=paths.map(Path),
        stderr=paths.map(Path),
        extend_env=st.booleans(),
        files=st.none() | st.dictionaries(paths.map(Path), st.binary()),
    ),
)


def encoded(request_: tuple[Any, ...]) -> bytes:
    """Return the bytes of a kind of request and its arguments."""
    kind, *arguments = request_
    return bytes(kind.encode(*arguments))


def decoded(data: bytes) -> tuple[Any, ...]:
    """Return the kind of request and its arguments in some bytes."""
    received = protocol.REQUESTS.decode(data)
    return (received.request, *received.arguments)


def encoded_command(command: Command | None) -> bytes:
    """Return the response that the agent's desk gives to GET_COMMAND."""
    desk = InMemoryAgentDesk()
    responses: list[bytes] = []
    request_ = protocol.REQUESTS.decode(protocol.get_command.encode(protocol.CommandPoll("node1")))
    request_.execute(desk, lambda response: responses.append(pack(response)))
    desk.command(command)
    return responses[0]


def decoded_command(data: bytes) -> Command | None:
    """Return the command in a response to GET_COMMAND."""
    status, values = decode_response(data)
    return None if status is Status.PENDING else protocol.get_command.decode_answer(values)


@pytest.mark.parametrize("request_", REQUESTS)
def test_example_requests_round_trip(request_: tuple[Any, ...]) -> None:
    data = encoded(request_)
    assert protocol.is_request(data)
    assert decoded(data) == request_


@pytest.mark.parametrize("kind", list(protocol.REQUESTS), ids=str)
@given(data=st.data())
def test_requests_round_trip(kind: Request[Any, Any], data: st.DataObject) -> None:
    request_ = (kind, *data.draw(arguments[kind]))
    assert decoded(encoded(request_)) == request_


@pytest.mark.parametrize("command", [START, CancelCommand(), ShutdownCommand(), None])
def test_example_commands_round_trip(command: Command | None) -> None:
    assert decoded_command(encoded_command(command)) == command


@given(commands)
def test_commands_round_trip(command: Command) -> None:
    assert decoded_command(encoded_command(command)) == command


def test_names_that_are_not_valid_utf8_round_trip() -> None:
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    command = StartCommand("a", Path(odd), (odd,), {odd: odd}, Path(odd), Path(odd))
    assert decoded_command(encoded_command(command)) == command


def test_requests_have_the_form_of_muscle3() -> None:
    assert unpack(protocol.get_command.encode(protocol.CommandPoll("n"))) == [42, "n"]
    kind, node, values = unpack(encoded(REQUESTS[0]))
    assert (kind, node, values["cpu"]) == (41, "node1", [[0, 0, 2], [1, 1, 3]])


def test_requests_of_muscle3_are_decoded() -> None:
    resources = NodeResources("n", frozenset({Core(3, frozenset({3, 7}))}))
    assert decoded(pack([41, "n", {"cpu": [[3, 3, 7]]}])) == (
        protocol.report_resources,
        NodeReport(resources),
    )
    assert decoded(pack([43, [["a", 1], ["b", -9]]])) == (
        protocol.report_results,
        (ProcessResult("a", Exited(1)), ProcessResult("b", Killed(9))),
        None,
    )


@pytest.mark.parametrize(
    "end", [["vanished", 1], ["exited", "1"], ["killed"], ["node_lost", 9], []]
)
def test_invalid_process_end_is_rejected(end: list[object]) -> None:
    with pytest.raises(RemoteProtocolError):
        protocol.REQUESTS.decode(pack([43, [["a", *end]]]))


def test_start_command_has_the_form_of_muscle3() -> None:
    status, packed = unpack(encoded_command(START))
    assert status == 0
    assert isinstance(packed, bytes)
    assert unpack(packed)[:7] == [
        1,
        "micro[1]",
        "/run/work dir",
        ["/bin/sh", "-c", "echo $HOME"],
        {"A": "b", "C": ""},
        "/run/stdout.txt",
        "/run/stderr.txt",
    ]


@pytest.mark.parametrize("request_", REQUESTS)
def test_truncated_request_is_rejected(request_: tuple[Any, ...]) -> None:
    data = encoded(request_)
    for length in range(len(data)):
        with pytest.raises(RemoteProtocolError):
            protocol.REQUESTS.decode(data[:length])


@pytest.mark.parametrize("command", [START, CancelCommand(), ShutdownCommand(), None])
def test_truncated_command_is_rejected(command: Command | None) -> None:
    data = encoded_command(command)
    for length in range(len(data)):
        with pytest.raises(RemoteProtocolError):
            decoded_command(data[:length])


def test_truncated_packed_command_is_rejected() -> None:
    _, packed = unpack(encoded_command(START))
    for length in range(len(packed)):
        with pytest.raises(RemoteProtocolError):
            decoded_command(pack([0, packed[:length]]))


@pytest.mark.parametrize("request_", REQUESTS)
def test_request_with_trailing_bytes_is_rejected(request_: tuple[Any, ...]) -> None:
    with pytest.raises(RemoteProtocolError):
        protocol.REQUESTS.decode(encoded(request_) + b"\0")


def test_report_without_gpus_is_accepted() -> None:
    received = protocol.REQUESTS.decode(pack([41, "n", {"cpu": [[0, 1]], "memory": None}]))
    (report,) = received.arguments
    assert report == NodeReport(NodeResources("n", frozenset({Core(0, frozenset({1}))})))


def test_command_with_trailing_bytes_is_rejected() -> None:
    with pytest.raises(RemoteProtocolError):
        decoded_command(encoded_command(START) + b"\0")


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        "text",
        {},
        [None],
        [40, "n"],
        [41],
        [41, "n", {}],
        [41, "n", {"cpu": [["0"]]}],
        [41, "n", {"cpu": [[]]}],
        [41, 1, {"cpu": []}],
        [41, "n", {"cpu": [], "memory": "much"}],
        [41, "n", {"cpu": [], "gpus": [["voodoo", "0"]]}],
        [41, "n", {"cpu": [], "gpus": [["nvidia", 0]]}],
        [41, "n", {"cpu": [], "gpus": ["nvidia"]}],
        [42],
        [42, 1],
        [42, "n", "m"],
        [43],
        [43, [["a"]]],
        [43, [["a", True]]],
        [43, [["a", 0]], "n", "m"],
        [43, 5],
    ],
)
def test_invalid_request_is_rejected(values: object) -> None:
    with pytest.raises(RemoteProtocolError):
        protocol.REQUESTS.decode(pack(values))


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        [7],
        [0],
        [0, pack([])],
        [0, pack([9])],
        [0, pack([1, "a"])],
        [0, pack([2, 2])],
        [0, pack([1, "a", "d", ["x"], {}, "o", 5])],
        [0, pack([1, "a", "d", ["x"], [], "o", "e"])],
        [0, pack(5)],
        [0, 5],
    ],
)
def test_invalid_command_is_rejected(values: object) -> None:
    with pytest.raises(RemoteProtocolError):
        decoded_command(pack(values))


@given(st.binary(max_size=60))
def test_random_bytes_raise_only_protocol_errors(data: bytes) -> None:
    for decode in (protocol.REQUESTS.decode, decoded_command):
        with contextlib.suppress(RemoteProtocolError):
            decode(data)
    protocol.is_request(data)


def test_requests_of_instances_are_distinguished() -> None:
    assert not protocol.is_request(pack([1, "macro", [], [], "0.11.0"]))
    assert not protocol.is_request(b"")
    assert not protocol.is_request(pack([]))


ORDERS = AgentOrders(("tcp:a:1", "tcp:b:2"), "secret", 30.0, 10.0, Path("/logs here"), "node1")


@pytest.mark.parametrize(
    "orders", [ORDERS, AgentOrders((), "", 0.5, 0.0, None), AgentOrders((), "é\n", 1, 1, None)]
)
def test_orders_round_trip(orders: AgentOrders) -> None:
    line = encode_orders(orders)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_orders(line) == orders


def test_truncated_orders_are_rejected() -> None:
    line = encode_orders(ORDERS)
    for length in range(len(line) - 2):
        with pytest.raises(RemoteProtocolError):
            decode_orders(line[:length])


def test_orders_do_not_show_the_secret() -> None:
    assert "secret" not in repr(ORDERS)


def test_commands_do_not_show_the_environment() -> None:
    assert "env" not in repr(START)
