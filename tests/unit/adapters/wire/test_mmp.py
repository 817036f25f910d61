import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire import mmp
from adapters.wire.mmp_values import decode_peers, encode_checkpoint_info, encode_peers
from adapters.wire.packing import pack, unpack
from adapters.wire.requests import (
    ReceivedRequest,
    Request,
    Status,
    decode_response,
    encode_error,
    encode_pending,
)
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.messages import LogRecord, Wait
from domain.coupling.ports import Operator, Port
from domain.errors import RemoteProtocolError
from domain.identity import Reference
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.recordings import RecordedPayload, payloads
from tests.unit.adapters.wire.wire_values import finite, names

REQUESTS = list(payloads("MMP", "request", version=None))
RESPONSES = list(payloads("MMP", "response", version=None))

texts = st.text(max_size=12)
integers = st.integers(-(2**63), 2**63 - 1)
optional = st.none() | integers
ports = st.builds(Port, names, st.sampled_from(Operator))
waits = st.builds(Wait, texts, texts, texts, optional, is_sending=st.just(value=False))
sending_waits = waits.map(lambda wait: wait._replace(is_sending=True))
port_uses = st.tuples(names, st.sampled_from(Operator)) | st.just((None, None))
events = st.builds(
    lambda kind, start, stop, port, rest: ProfileEvent(kind, start, stop, *port, *rest),
    st.sampled_from(ProfileEventType),
    integers,
    integers,
    port_uses,
    st.tuples(optional, optional, optional, optional, st.none() | finite),
)
metadata = st.builds(
    SnapshotMetadata,
    st.lists(texts, max_size=3).map(tuple),
    finite,
    finite,
    st.none() | finite,
    st.dictionaries(names, st.lists(integers, max_size=3).map(tuple), max_size=3),
    st.booleans(),
    texts,
)
arguments = {
    mmp.register_instance: st.tuples(
        texts,
        st.lists(texts, max_size=3).map(tuple),
        st.lists(ports, max_size=3).map(tuple),
        texts,
    ),
    **dict.fromkeys(
        (
            mmp.get_peers,
            mmp.deregister_instance,
            mmp.get_checkpoint_info,
            mmp.is_deadlocked,
            mmp.await_peers,
            mmp.await_checkpoint_request,
        ),
        st.tuples(texts),
    ),
    mmp.get_settings: st.just(()),
    mmp.submit_log_message: st.tuples(st.builds(LogRecord, texts, finite, integers, texts)),
    mmp.submit_profile_events: st.tuples(
        texts, st.lists(events, max_size=3).map(tuple), st.integers(0, 9)
    ),
    mmp.submit_snapshot: st.tuples(texts, metadata),
    mmp.report_snapshot_failed: st.tuples(texts, texts),
    mmp.report_failed: st.tuples(texts, texts, st.none() | st.sampled_from(FailureKind)),
    mmp.waiting_for_receive: st.tuples(waits),
    mmp.waiting_for_receive_done: st.tuples(waits),
    mmp.check_deadlock: st.tuples(st.tuples(texts, texts, optional), integers),
    mmp.waiting_to_send: st.tuples(sending_waits),
    mmp.waiting_to_send_done: st.tuples(sending_waits),
    mmp.report_status: st.tuples(
        texts,
        st.none() | finite,
        st.none()
        | st.tuples(texts, texts, optional)
        | st.tuples(texts, texts, optional, st.just(True)),
    ),
}
"""Arguments for each request of the table."""


def by_name(payload: RecordedPayload) -> str:
    return payload.name


@pytest.mark.parametrize("request_", list(mmp.REQUESTS), ids=str)
@given(data=st.data())
def test_requests_round_trip(request_: Request[Any, Any], data: st.DataObject):
    values = data.draw(arguments[request_])
    received = mmp.REQUESTS.decode(request_.encode(*values))
    assert received.request is request_
    assert received.arguments == list(values)


def test_table_has_all_requests_of_muscle3_and_marks_our_own():
    assert {request.code for request in mmp.REQUESTS if not request.own_only} == set(range(1, 12))
    assert all(request.code >= 64 for request in mmp.REQUESTS if request.own_only)


@pytest.mark.parametrize("payload", REQUESTS, ids=by_name)
def test_requests_match_recorded_bytes_of_muscle3(payload: RecordedPayload):
    assert mmp.REQUESTS.decode(payload.payload).encode() == payload.payload


@pytest.mark.parametrize("payload", RESPONSES, ids=by_name)
def test_responses_match_recorded_bytes_of_muscle3(payload: RecordedPayload):
    received = mmp.REQUESTS.decode(payload.request)
    status, values = decode_response(payload.payload)
    if status is Status.SUCCESS:
        again = pack([status, *_encoded_again(received, values, payload.version)])
        assert again == payload.payload
    elif status is Status.ERROR:
        assert encode_error(values[0]) == payload.payload
    else:
        assert encode_pending(values[0]) == payload.payload


def _encoded_again(received: ReceivedRequest[Any], values: list[Any], version: str) -> list[object]:
    """Decode the values of a response, and encode them again."""
    reply = received.request.decode_answer(values)
    if received.request is mmp.get_peers:
        found = decode_peers(Reference(received.arguments[0]), values)
        return encode_peers(found, dialect_0_10=version.startswith("0.10"))
    if received.request is mmp.get_settings:
        return [reply.as_dict()]
    if received.request is mmp.get_checkpoint_info:
        return encode_checkpoint_info(reply)
    if received.request is mmp.register_instance:
        timeline, trust = reply
        assert trust is None
        return [] if timeline is None else [timeline]
    return [] if reply is None else [reply]


@pytest.mark.parametrize("payload", REQUESTS[::5], ids=by_name)
def test_truncated_request_is_rejected(payload: RecordedPayload):
    for length in range(len(payload.payload)):
        with pytest.raises(RemoteProtocolError):
            mmp.REQUESTS.decode(payload.payload[:length])


@pytest.mark.parametrize("payload", RESPONSES[::5], ids=by_name)
def test_truncated_response_is_rejected(payload: RecordedPayload):
    for length in range(len(payload.payload)):
        with pytest.raises(RemoteProtocolError):
            decode_response(payload.payload[:length])


def test_trailing_bytes_are_rejected():
    with pytest.raises(RemoteProtocolError):
        mmp.REQUESTS.decode(mmp.get_settings.encode() + b"\0")
    with pytest.raises(RemoteProtocolError):
        decode_response(pack([Status.SUCCESS]) + b"\0")


EVENT = [2, 10, 20, ["out", "O_I"], None, None, 0, 100, 1.5]


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        "text",
        [None],
        ["1"],
        [0],
        [12],
        [63],
        [1],
        [1, "a", [], [["p"]], "0.11.0"],
        [1, "a", [], [["p", "X"]], "0.11.0"],
        [1, "a", [], [["p", 5]], "0.11.0"],
        [1, "a", [5], [], "0.11.0"],
        [1, "a", None, [], "0.11.0"],
        [1, "a", [], [], 11],
        [2],
        [2, None],
        [2, "a", "b"],
        [4, "a"],
        [5, "a", "now", 20, "text"],
        [5, "a", 0.0, math.inf, "text"],
        [5, "a", 0.0, math.nan, "text"],
        [5, "a", 0.0, 20, b"text"],
        [6, "a", 5],
        [6, "a", [5]],
        [6, "a", [[]]],
        *(
            [6, "a", [[*EVENT[:place], wrong, *EVENT[place + 1 :]]]]
            for place, wrong in [
                (0, 99),
                (0, "2"),
                (1, math.inf),
                (2, None),
                (3, []),
                (3, ["out"]),
                (3, ["out", "X"]),
                (3, 7),
                (4, "long"),
                (5, []),
                (6, 1.5),
                (7, {}),
                (8, "late"),
            ]
        ),
        [6, "a", [[*EVENT, 0]]],
        [7, "a", {}],
        [7, "a", None],
        [9, "a", "b", "p"],
        [9, "a", "b", "p", "slot"],
        [9, "a", "b", "p", math.inf],
        [65, "a", "soon", None],
        [65, "a", 0.0, []],
        [65, "a", 0.0, 5],
    ],
)
def test_invalid_request_is_rejected(values: object):
    with pytest.raises(RemoteProtocolError):
        mmp.REQUESTS.decode(pack(values))


def test_deeply_nested_argument_is_rejected():
    for depth in (100, 900, 980, 1000, 1015):
        with pytest.raises(RemoteProtocolError):
            mmp.REQUESTS.decode(b"\x92\x02" + b"\x91" * depth + b"\xc0")


@pytest.mark.parametrize("values", [None, [], [3], ["0"], {}, 0, [None], [[[]]]])
def test_invalid_response_is_rejected(values: object):
    with pytest.raises(RemoteProtocolError):
        decode_response(pack(values))


@given(st.binary(max_size=80))
def test_random_bytes_raise_only_protocol_errors(data: bytes):
    for decode in (mmp.REQUESTS.decode, decode_response):
        with contextlib.suppress(RemoteProtocolError):
            decode(data)


@given(st.data())
def test_corrupted_requests_raise_only_protocol_errors(data: st.DataObject):
    payload = bytearray(data.draw(st.sampled_from(REQUESTS)).payload)
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RemoteProtocolError):
        mmp.REQUESTS.decode(bytes(payload))


def test_our_instances_register_with_muscle3s_version():
    assert mmp.DIALECT_OF_MUSCLE3 == "0.11.0"
    assert unpack(mmp.register_instance.encode("a", (), (), "0.11.0"))[-1] == "0.11.0"


@pytest.mark.parametrize(
    "sent",
    [
        mmp.report_failed.encode("a", "no file caf\udce9", FailureKind.OWN),
        mmp.report_snapshot_failed.encode("a", "no file caf\udce9"),
    ],
)
def test_undecodable_bytes_in_error_messages_are_escaped(sent: bytes):
    assert mmp.REQUESTS.decode(sent).arguments[:2] == ["a", "no file caf\\udce9"]


@pytest.mark.parametrize("kind", ["fate", 1, None])
def test_unknown_failure_kind_is_rejected(kind: object):
    with pytest.raises(RemoteProtocolError):
        mmp.REQUESTS.decode(pack([68, "a", "why", kind]))


def test_failure_report_without_a_kind_is_accepted():
    assert mmp.REQUESTS.decode(pack([68, "a", "why"])).arguments == ["a", "why", None]


def test_undecodable_bytes_in_log_messages_are_escaped():
    sent = mmp.submit_log_message.encode(LogRecord("a", 0.0, 40, "no file caf\udce9"))
    (record,) = mmp.REQUESTS.decode(sent).arguments
    assert record.text == "no file caf\\udce9"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (mmp.submit_profile_events.encode("macro", (), 0), True),
        (mmp.submit_profile_events.encode("macro", (), 7), True),
        (mmp.get_settings.encode(), False),
        (mmp.deregister_instance.encode("macro"), False),
        (b"", False),
        (b"\x93", False),
    ],
)
def test_only_requests_with_profile_events_can_wait(request_, expected):
    assert mmp.is_background_request(request_) is expected


def test_request_without_dropped_events_is_that_of_muscle3():
    events = (ProfileEvent(ProfileEventType.SEND, 0, 1),)
    values = unpack(mmp.submit_profile_events.encode("macro", events, 0))
    assert len(values) == 3
    assert unpack(mmp.submit_profile_events.encode("macro", events, 5)) == [*values, 5]
