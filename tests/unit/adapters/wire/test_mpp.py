import contextlib
import tracemalloc

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire import mpp
from adapters.wire.packing import pack
from domain.coupling.grid import Grid
from domain.coupling.messages import Milestone, PeerMessage
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError, UnsendableData
from tests.support.recordings import RecordedPayload, payloads
from tests.unit.adapters.wire.wire_values import messages, muscle3_data, same

RESPONSES = list(payloads("MPP", "response"))
REQUESTS = list(payloads("MPP", "request", version=None))
SENT_FROM_A_SLICE = {
    recorded.name
    for recorded in RESPONSES
    if b"\xa5shape\x92\x04\x01\xa5order\xa2la" in recorded.payload
}
"""A matrix column: MUSCLE3 calls it C because its memory has gaps; here it is C and Fortran."""

MESSAGE = PeerMessage(
    1.5,
    2.5,
    {"grid": Grid(np.arange(6.0).reshape(2, 3), ["x", "y"]), "list": [1, None, b"x"]},
    Settings({"micro.dt": 0.1}),
    3,
    7,
    (0, 4),
)
FIELDS = {
    "sender": "a.out",
    "receiver": "b.in",
    "port_length": None,
    "timestamp": 0.0,
    "next_timestamp": None,
    "settings_overlay": msgpack.ExtType(1, pack({})),
    "message_number": 0,
    "data": None,
    "iteration": [],
}


def by_name(payload: RecordedPayload) -> str:
    return payload.name


@given(messages(muscle3_data))
def test_any_message_arrives_as_it_was_sent(message: PeerMessage):
    received = mpp.decode_message(mpp.encode_message("a.out", "b.in", message))
    assert same(message.data, received.data)
    for name in ("timestamp", "next_timestamp", "overlay", "port_length", "number", "iteration"):
        assert getattr(received, name) == getattr(message, name)


@given(st.text(max_size=40))
def test_any_request_arrives_as_it_was_sent(receiver: str):
    assert mpp.decode_request(mpp.encode_request(receiver)) == receiver


@pytest.mark.parametrize("payload", REQUESTS, ids=by_name)
def test_requests_are_muscle3s_to_the_byte(payload: RecordedPayload):
    assert mpp.encode_request(mpp.decode_request(payload.payload)) == payload.payload


@pytest.mark.parametrize("payload", RESPONSES, ids=by_name)
def test_messages_are_muscle3s_to_the_byte(payload: RecordedPayload):
    ends = msgpack.unpackb(payload.payload, strict_map_key=False)
    message = mpp.decode_message(payload.payload)
    encoded = mpp.encode_message(ends["sender"], ends["receiver"], message)
    if payload.name in SENT_FROM_A_SLICE:
        encoded = encoded.replace(b"\xa2fa", b"\xa2la")
    assert encoded == payload.payload


@pytest.mark.parametrize("payload", RESPONSES[::9], ids=by_name)
def test_a_recorded_message_cut_short_anywhere_is_refused(payload: RecordedPayload):
    for length in range(len(payload.payload)):
        with pytest.raises(RemoteProtocolError):
            mpp.decode_message(payload.payload[:length])


@pytest.mark.parametrize("payload", REQUESTS[::9], ids=by_name)
def test_a_recorded_request_cut_short_anywhere_is_refused(payload: RecordedPayload):
    for length in range(len(payload.payload)):
        with pytest.raises(RemoteProtocolError):
            mpp.decode_request(payload.payload[:length])


def test_what_follows_a_message_or_request_is_refused():
    with pytest.raises(RemoteProtocolError):
        mpp.decode_message(mpp.encode_message("a.out", "b.in", MESSAGE) + b"\0")
    with pytest.raises(RemoteProtocolError):
        mpp.decode_request(mpp.encode_request("b.in") + b"\0")


def test_the_size_of_a_message_is_that_of_its_bytes():
    encoded = mpp.encode_message("a.out", "b.in", MESSAGE)
    assert mpp.decode_message(encoded).size == len(encoded)


@pytest.mark.parametrize(
    "values", [None, [], [21], [20, "a"], [21, 5], [21, "a", "b"], {"a": 1}, "x", [[[]]] * 9]
)
def test_a_request_that_makes_no_sense_is_refused(values: object):
    with pytest.raises(RemoteProtocolError):
        mpp.decode_request(pack(values))


@pytest.mark.parametrize("name", FIELDS)
def test_a_message_without_one_of_its_fields_is_refused(name: str):
    values = {key: value for key, value in FIELDS.items() if key != name}
    if name in ("sender", "receiver"):
        mpp.decode_message(pack(values))  # optional, because the receiver knows both
        return
    with pytest.raises(RemoteProtocolError, match="incomplete or invalid message"):
        mpp.decode_message(pack(values))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port_length", "long"),
        ("port_length", -1),
        ("port_length", 2**40),
        ("timestamp", None),
        ("timestamp", []),
        ("next_timestamp", {}),
        ("settings_overlay", {}),
        ("settings_overlay", None),
        ("message_number", None),
        ("message_number", "x"),
        ("message_number", float("inf")),
        ("iteration", None),
        ("iteration", 5),
        ("iteration", ["x"]),
        ("iteration", [[0]]),
        ("data", msgpack.ExtType(1, b"")),
    ],
)
def test_a_message_with_a_wrong_field_is_refused(name: str, value: object):
    with pytest.raises(RemoteProtocolError):
        mpp.decode_message(pack({**FIELDS, name: value}))


@given(st.binary(max_size=100))
def test_no_bytes_do_harm(data: bytes):
    for decode in (mpp.decode_message, mpp.decode_request):
        with contextlib.suppress(RemoteProtocolError):
            decode(data)


@given(st.data())
def test_no_change_to_what_muscle3_sent_does_harm(data: st.DataObject):
    payload = bytearray(data.draw(st.sampled_from(RESPONSES)).payload)
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RemoteProtocolError):
        mpp.decode_message(bytes(payload))


@pytest.mark.parametrize("start", [b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9"])
def test_lengths_that_are_claimed_only_take_no_memory(start: bytes):
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError):
            mpp.decode_message(start + b"\x7f\xff\xff\xff" + bytes(10))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("opening", [b"\x91", b"\x81", b"\x81\xa1a"])
def test_bottomless_nesting_is_refused(opening: bytes):
    for depth in (500, 990, 1000, 1020, 5000):
        with pytest.raises(RemoteProtocolError):
            mpp.decode_request(opening * depth + b"\xc0")


def test_a_milestone_looks_like_that_of_muscle3():
    message = PeerMessage(float("-inf"), None, Milestone((1, 2)), Settings(), None, 4, (1, 2))
    values = msgpack.unpackb(mpp.encode_message("a.out", "b.in", message))
    assert values["data"] == msgpack.ExtType(0, b"\x92\x01\x02")
    assert values["iteration"] == [1, 2]


def test_what_cannot_be_sent_is_refused_at_once():
    message = PeerMessage(0.0, None, {"a": [1, {2: 3}]}, Settings(), None, 0, ())
    with pytest.raises(UnsendableData, match=r"data\['a'\]\[1\]"):
        mpp.encode_message("a.out", "b.in", message)


def test_settings_that_go_with_a_message_arrive_as_plain_values():
    overlay = Settings({"a": np.int64(1), "b": np.ones((1, 2)), "c": [np.float32(0.5)]})  # type: ignore[dict-item, list-item]
    message = PeerMessage(0.0, None, None, overlay, None, 0, ())
    received = mpp.decode_message(mpp.encode_message("a.out", "b.in", message)).overlay
    assert received == Settings({"a": 1, "b": [[1.0, 1.0]], "c": [0.5]})


def test_a_setting_that_cannot_go_with_a_message_is_named():
    overlay = Settings({"k": np.timedelta64(3, "s")})  # type: ignore[dict-item]
    message = PeerMessage(0.0, None, None, overlay, None, 0, ())
    with pytest.raises(UnsendableData, match=r"settings\['k'\] cannot be sent.*timedelta64"):
        mpp.encode_message("a.out", "b.in", message)
