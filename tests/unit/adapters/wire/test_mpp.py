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
"""A matrix column: C order in MUSCLE3, because its memory has gaps; C and Fortran order here."""

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
def test_messages_round_trip(message: PeerMessage):
    received = mpp.decode_message(mpp.encode_message("a.out", "b.in", message))
    assert same(message.data, received.data)
    for name in ("timestamp", "next_timestamp", "overlay", "port_length", "number", "iteration"):
        assert getattr(received, name) == getattr(message, name)


@given(st.text(max_size=40))
def test_requests_round_trip(receiver: str):
    assert mpp.decode_request(mpp.encode_request(receiver)) == receiver


@pytest.mark.parametrize("payload", REQUESTS, ids=by_name)
def test_requests_match_recorded_bytes_of_muscle3(payload: RecordedPayload):
    assert mpp.encode_request(mpp.decode_request(payload.payload)) == payload.payload


@pytest.mark.parametrize("payload", RESPONSES, ids=by_name)
def test_messages_match_recorded_bytes_of_muscle3(payload: RecordedPayload):
    ends = msgpack.unpackb(payload.payload, strict_map_key=False)
    message = mpp.decode_message(payload.payload)
    encoded = mpp.encode_message(ends["sender"], ends["receiver"], message)
    if payload.name in SENT_FROM_A_SLICE:
        encoded = encoded.replace(b"\xa2fa", b"\xa2la")
    assert encoded == payload.payload


@pytest.mark.parametrize("payload", RESPONSES[::9], ids=by_name)
def test_truncated_recorded_message_is_rejected(payload: RecordedPayload):
    for length in range(len(payload.payload)):
        with pytest.raises(RemoteProtocolError):
            mpp.decode_message(payload.payload[:length])


@pytest.mark.parametrize("payload", REQUESTS[::9], ids=by_name)
def test_truncated_recorded_request_is_rejected(payload: RecordedPayload):
    for length in range(len(payload.payload)):
        with pytest.raises(RemoteProtocolError):
            mpp.decode_request(payload.payload[:length])


def test_trailing_bytes_are_rejected():
    with pytest.raises(RemoteProtocolError):
        mpp.decode_message(mpp.encode_message("a.out", "b.in", MESSAGE) + b"\0")
    with pytest.raises(RemoteProtocolError):
        mpp.decode_request(mpp.encode_request("b.in") + b"\0")


def test_message_size_is_the_number_of_its_bytes():
    encoded = mpp.encode_message("a.out", "b.in", MESSAGE)
    assert mpp.decode_message(encoded).size == len(encoded)


@pytest.mark.parametrize(
    "values", [None, [], [21], [20, "a"], [21, 5], [21, "a", "b"], {"a": 1}, "x", [[[]]] * 9]
)
def test_invalid_request_is_rejected(values: object):
    with pytest.raises(RemoteProtocolError):
        mpp.decode_request(pack(values))


@pytest.mark.parametrize("name", FIELDS)
def test_message_without_a_field_is_rejected(name: str):
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
def test_message_with_an_invalid_field_is_rejected(name: str, value: object):
    with pytest.raises(RemoteProtocolError):
        mpp.decode_message(pack({**FIELDS, name: value}))


@given(st.binary(max_size=100))
def test_random_bytes_raise_only_protocol_errors(data: bytes):
    for decode in (mpp.decode_message, mpp.decode_request):
        with contextlib.suppress(RemoteProtocolError):
            decode(data)


@given(st.data())
def test_corrupted_messages_raise_only_protocol_errors(data: st.DataObject):
    payload = bytearray(data.draw(st.sampled_from(RESPONSES)).payload)
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RemoteProtocolError):
        mpp.decode_message(bytes(payload))


@pytest.mark.parametrize("start", [b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9"])
def test_excessive_lengths_allocate_no_memory(start: bytes):
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError):
            mpp.decode_message(start + b"\x7f\xff\xff\xff" + bytes(10))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("opening", [b"\x91", b"\x81", b"\x81\xa1a"])
def test_deep_nesting_is_rejected(opening: bytes):
    for depth in (500, 990, 1000, 1020, 5000):
        with pytest.raises(RemoteProtocolError):
            mpp.decode_request(opening * depth + b"\xc0")


def test_milestone_has_the_form_of_muscle3():
    message = PeerMessage(float("-inf"), None, Milestone((1, 2)), Settings(), None, 4, (1, 2))
    values = msgpack.unpackb(mpp.encode_message("a.out", "b.in", message))
    assert values["data"] == msgpack.ExtType(0, b"\x92\x01\x02")
    assert values["iteration"] == [1, 2]


def test_unsendable_data_are_rejected_immediately():
    message = PeerMessage(0.0, None, {"a": [1, {2: 3}]}, Settings(), None, 0, ())
    with pytest.raises(UnsendableData, match=r"data\['a'\]\[1\]"):
        mpp.encode_message("a.out", "b.in", message)


def test_overlay_settings_arrive_as_plain_values():
    overlay = Settings({"a": np.int64(1), "b": np.ones((1, 2)), "c": [np.float32(0.5)]})  # type: ignore[dict-item, list-item]
    message = PeerMessage(0.0, None, None, overlay, None, 0, ())
    received = mpp.decode_message(mpp.encode_message("a.out", "b.in", message)).overlay
    assert received == Settings({"a": 1, "b": [[1.0, 1.0]], "c": [0.5]})


def test_unsendable_overlay_setting_is_named():
    overlay = Settings({"k": np.timedelta64(3, "s")})  # type: ignore[dict-item]
    message = PeerMessage(0.0, None, None, overlay, None, 0, ())
    with pytest.raises(UnsendableData, match=r"settings\['k'\] cannot be sent.*timedelta64"):
        mpp.encode_message("a.out", "b.in", message)
