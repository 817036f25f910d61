import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire.host_frames import (
    BlockParcel,
    Failure,
    FileParcel,
    InlineParcel,
    Notice,
    Reply,
    Request,
    decode_frame,
    encode_frame,
)
from adapters.wire.packing import pack
from domain.errors import RemoteProtocolError
from domain.runtime.blocks import BlockPlace
from domain.runtime.payloads import EngineValue

PLACE = BlockPlace(pid=12, descriptor=3, segment="worker:0:0@12345678/1", offset=4096, size=100)
VALUES = (EngineValue("a/1", 10), EngineValue("b/2", 0))
FRAMES = [
    Request(1, "call", {"a": [1, None, b"x"], "b": {"c": 2.5}}, InlineParcel((b"data", b"buf"))),
    Request(2**40, "", {}, BlockParcel(PLACE, (50, 50)), VALUES),
    Reply(3, "done", {}, FileParcel("value-1", (7,)), VALUES),
    Failure(4, "ValueError: no"),
    Notice("lost", {"uid": "worker:0:1"}),
]

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_frame_arrives_unchanged(frame):
    assert decode_frame(encode_frame(frame)) == frame


@given(st.dictionaries(st.text(), plain, max_size=4))
def test_any_plain_fields_arrive_unchanged(fields):
    assert decode_frame(encode_frame(Notice("n", fields))).fields == fields


@given(st.binary())
def test_arbitrary_bytes_are_rejected_or_decoded(data):
    with contextlib.suppress(RemoteProtocolError):
        decode_frame(data)


@given(plain)
def test_arbitrary_values_are_rejected_or_decoded(value):
    with contextlib.suppress(RemoteProtocolError):
        decode_frame(pack(value))


@pytest.mark.parametrize(
    "items",
    [
        [],
        [9, "kind", {}],
        [[], 1],
        [1, -1, "kind", {}, [0, [b""]], []],
        [1, 1, 2, {}, [0, [b""]], []],
        [1, 1, "kind", [], [0, [b""]], []],
        [1, 1, "kind", {1: 2}, [0, [b""]], []],
        [1, 1, "kind", {}, [0, []], []],
        [1, 1, "kind", {}, [0, ["text"]], []],
        [1, 1, "kind", {}, [1, [1, 2, "s", -1, 5], [5]], []],
        [1, 1, "kind", {}, [1, [1, 2, "s", 0, 5], []], []],
        [1, 1, "kind", {}, [2, "name", ["5"]], []],
        [1, 1, "kind", {}, [3], []],
        [1, 1, "kind", {}, [0, [b""]], [["key"]]],
        [1, 1, "kind", {}, [0, [b""]], [["key", "size"]]],
        [3, 1, b"text"],
        [4, "kind"],
    ],
    ids=repr,
)
def test_invalid_frame_is_rejected(items):
    with pytest.raises(RemoteProtocolError, match="invalid"):
        decode_frame(pack(items))


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_truncated_frame_is_rejected(frame):
    data = encode_frame(frame)
    for end in range(len(data)):
        with pytest.raises(RemoteProtocolError):
            decode_frame(data[:end])


def test_extension_types_are_rejected():
    with pytest.raises(RemoteProtocolError):
        decode_frame(b"\xd4\x01\x00")


def test_field_that_is_not_plain_is_an_error():
    with pytest.raises(TypeError):
        encode_frame(Notice("n", {"a": object()}))
