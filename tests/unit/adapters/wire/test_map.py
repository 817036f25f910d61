import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire import map as protocol
from adapters.wire.agent_orders import decode_orders, encode_orders
from adapters.wire.packing import pack, unpack
from domain.errors import ManagerRefused, RemoteProtocolError
from domain.placement.resources import Core, NodeResources
from domain.running.agents import (
    AgentOrders,
    CancelCommand,
    Command,
    ShutdownCommand,
    StartCommand,
)
from domain.running.process_end import Exited, Killed, NeverStarted, NodeLost, ProcessResult

RESOURCES = NodeResources(
    "node1", frozenset({Core(0, frozenset({0, 2})), Core(1, frozenset({1, 3}))}), 2**35
)
ENDS = [Exited(0), Exited(3), Killed(9), NeverStarted("no such file"), NodeLost("gone")]
REQUESTS = [
    protocol.ReportResources(RESOURCES, "0.1.0"),
    protocol.GetCommand("node1"),
    protocol.ReportResults(tuple(ProcessResult("micro[1]", end) for end in ENDS), "node1"),
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
resources = st.builds(NodeResources, names, st.frozensets(cores), st.none() | st.integers(0, 2**62))
ends = st.one_of(
    st.builds(Exited, st.integers(0, 255)),
    st.builds(Killed, st.integers(1, 64)),
    st.builds(NeverStarted, st.text(max_size=20)),
    st.builds(NodeLost, st.text(max_size=20)),
)
results = st.builds(ProcessResult, names, ends)
requests = st.one_of(
    st.builds(protocol.ReportResources, resources, st.text()),
    st.builds(protocol.GetCommand, names),
    st.builds(protocol.ReportResults, st.lists(results).map(tuple), st.none() | names),
)
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
    ),
)


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_arrives_as_it_was_sent(request_: protocol.Request) -> None:
    data = protocol.encode_request(request_)
    assert protocol.is_request(data)
    assert protocol.decode_request(data) == request_


@given(requests)
def test_any_request_arrives_as_it_was_sent(request_: protocol.Request) -> None:
    assert protocol.decode_request(protocol.encode_request(request_)) == request_


@pytest.mark.parametrize("command", [START, CancelCommand(), ShutdownCommand(), None])
def test_a_command_arrives_as_it_was_sent(command: Command | None) -> None:
    assert protocol.decode_command(protocol.encode_command(command)) == command


@given(commands)
def test_any_command_arrives_as_it_was_sent(command: Command) -> None:
    assert protocol.decode_command(protocol.encode_command(command)) == command


def test_names_that_are_no_proper_text_arrive_all_the_same() -> None:
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    command = StartCommand("a", Path(odd), (odd,), {odd: odd}, Path(odd), Path(odd))
    assert protocol.decode_command(protocol.encode_command(command)) == command


def test_requests_look_like_those_of_muscle3() -> None:
    assert unpack(protocol.encode_request(protocol.GetCommand("n"))) == [42, "n"]
    kind, node, values = unpack(protocol.encode_request(REQUESTS[0]))
    assert (kind, node, values["cpu"]) == (41, "node1", [[0, 0, 2], [1, 1, 3]])


def test_requests_of_muscle3_are_understood() -> None:
    assert protocol.decode_request(pack([41, "n", {"cpu": [[3, 3, 7]]}])) == (
        protocol.ReportResources(NodeResources("n", frozenset({Core(3, frozenset({3, 7}))})))
    )
    assert protocol.decode_request(pack([43, [["a", 1], ["b", -9]]])) == protocol.ReportResults(
        (ProcessResult("a", Exited(1)), ProcessResult("b", Killed(9)))
    )


@pytest.mark.parametrize(
    "end", [["vanished", 1], ["exited", "1"], ["killed"], ["node_lost", 9], []]
)
def test_invalid_process_end_is_rejected(end: list[object]) -> None:
    with pytest.raises(RemoteProtocolError):
        protocol.decode_request(pack([43, [["a", *end]]]))


def test_a_start_command_looks_like_that_of_muscle3() -> None:
    status, packed = unpack(protocol.encode_command(START))
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
def test_a_request_cut_short_anywhere_is_refused(request_: protocol.Request) -> None:
    data = protocol.encode_request(request_)
    for length in range(len(data)):
        with pytest.raises(RemoteProtocolError):
            protocol.decode_request(data[:length])


@pytest.mark.parametrize("command", [START, CancelCommand(), ShutdownCommand(), None])
def test_a_command_cut_short_anywhere_is_refused(command: Command | None) -> None:
    data = protocol.encode_command(command)
    for length in range(len(data)):
        with pytest.raises(RemoteProtocolError):
            protocol.decode_command(data[:length])


def test_a_packed_command_cut_short_anywhere_is_refused() -> None:
    _, packed = unpack(protocol.encode_command(START))
    for length in range(len(packed)):
        with pytest.raises(RemoteProtocolError):
            protocol.decode_command(pack([0, packed[:length]]))


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_with_more_behind_it_is_refused(request_: protocol.Request) -> None:
    with pytest.raises(RemoteProtocolError):
        protocol.decode_request(protocol.encode_request(request_) + b"\0")


def test_a_command_with_more_behind_it_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        protocol.decode_command(protocol.encode_command(START) + b"\0")


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
def test_a_request_that_makes_no_sense_is_refused(values: object) -> None:
    with pytest.raises(RemoteProtocolError):
        protocol.decode_request(pack(values))


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
def test_a_command_that_makes_no_sense_is_refused(values: object) -> None:
    with pytest.raises(RemoteProtocolError):
        protocol.decode_command(pack(values))


@given(st.binary(max_size=60))
def test_no_bytes_do_harm(data: bytes) -> None:
    for decode in (protocol.decode_request, protocol.decode_command, protocol.decode_accepted):
        with contextlib.suppress(RemoteProtocolError, ManagerRefused):
            decode(data)
    protocol.is_request(data)


def test_requests_of_instances_are_told_apart() -> None:
    assert not protocol.is_request(pack([1, "macro", [], [], "0.11.0"]))
    assert not protocol.is_request(b"")
    assert not protocol.is_request(pack([]))


def test_a_report_is_accepted() -> None:
    protocol.decode_accepted(protocol.encode_accepted())


def test_a_refusal_arrives_with_its_text() -> None:
    refusal = protocol.encode_refused("another version")
    with pytest.raises(ManagerRefused, match="another version"):
        protocol.decode_accepted(refusal)
    with pytest.raises(ManagerRefused, match="another version"):
        protocol.decode_command(refusal)


ORDERS = AgentOrders(("tcp:a:1", "tcp:b:2"), "secret", 30.0, 10.0, Path("/logs here"), "node1")


@pytest.mark.parametrize(
    "orders", [ORDERS, AgentOrders((), "", 0.5, 0.0, None), AgentOrders((), "é\n", 1, 1, None)]
)
def test_orders_arrive_as_they_were_sent(orders: AgentOrders) -> None:
    line = encode_orders(orders)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_orders(line) == orders


def test_orders_cut_short_anywhere_are_refused() -> None:
    line = encode_orders(ORDERS)
    for length in range(len(line) - 2):
        with pytest.raises(RemoteProtocolError):
            decode_orders(line[:length])


def test_orders_do_not_show_the_secret() -> None:
    assert "secret" not in repr(ORDERS)


def test_commands_do_not_show_the_environment() -> None:
    assert "env" not in repr(START)
