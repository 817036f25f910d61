"""Valid and invalid MessagePack."""

import tracemalloc

import pytest

from adapters.wire.packing import BUFFER_SIZE, brief, pack, unpack, unpack_request
from domain.errors import RemoteProtocolError


@pytest.mark.parametrize(
    "value", [None, True, -1, 2**64 - 1, 1.5, "é", b"\xff", [1, [2]], {1: "a", None: b""}]
)
def test_value_round_trips(value):
    assert unpack(pack(value)) == value


def test_value_larger_than_the_buffer_round_trips():
    value = ["x" * BUFFER_SIZE] * 3
    assert unpack(pack(value)) == value


def test_default_function_converts_unsupported_objects():
    assert unpack(pack([{3}], default=sorted)) == [[3]]
    with pytest.raises(TypeError):
        pack({3})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x92\x01",
        b"\x01\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\x81\x80\x01",
        b"\x91" * 10_000,
        b"\xa2\xff\xff",
    ],
    ids=["empty", "unknown", "truncated", "two", "huge", "list as key", "too deep", "not UTF-8"],
)
def test_invalid_messagepack_is_rejected(data):
    with pytest.raises(RemoteProtocolError, match="not valid MessagePack"):
        unpack(data)


def test_error_without_a_message_is_reported_by_its_class():
    with pytest.raises(RemoteProtocolError, match=r"\(FormatError\)"):
        unpack(b"\xc1")


def test_memory_view_is_decoded_like_bytes():
    assert unpack(memoryview(pack("x"))) == unpack(bytearray(pack("x"))) == "x"


def test_received_value_is_abbreviated_in_error_messages():
    assert len(brief("x" * 10_000)) < 100
    assert len(brief([[[[[[[[1]]]]]]]] * 1000)) < 500


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd" + (2**20 + 1).to_bytes(4, "big") + b"\x80" * (2**20 + 1),
        b"\xdf" + (2**16 + 1).to_bytes(4, "big") + b"\xa0\xc0" * (2**16 + 1),
        b"\x91" * 2000 + b"\xc0",
        b"\x91\xd4\x01\x00",
        b"\x81\x01\x02",
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ],
    ids=["long list", "long map", "deep", "extension type", "number as key", "short", "no bytes"],
)
def test_request_beyond_the_limits_is_rejected(data):
    with pytest.raises(RemoteProtocolError):
        unpack_request(data)


def test_request_within_the_limits_is_unpacked():
    value = [6, "micro", {"port": [1] * 2**18}, [[[b"bytes"]]], 1.5, None]
    assert unpack_request(pack(value)) == value


def test_memory_of_a_rejected_request_is_bounded_by_its_size():
    data = b"\xdd" + (2**21).to_bytes(4, "big") + b"\x80" * 2**21
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError):
            unpack_request(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_memory_of_the_largest_untrusted_request_is_bounded():
    data = b"\xdd" + (2**16 - 5).to_bytes(4, "big") + b"\x80" * (2**16 - 5)
    tracemalloc.start()
    try:
        unpack_request(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20
