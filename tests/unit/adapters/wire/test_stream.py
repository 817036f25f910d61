import contextlib

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire import stream
from adapters.wire.packing import pack
from domain.coupling.grid import Grid
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError, UnsendableData
from tests.unit.adapters.wire.wire_values import messages, own_data, same

LARGE = np.arange(5000.0)


def message_with(data: object) -> PeerMessage:
    return PeerMessage(1.5, None, data, Settings({"a": 1}), None, 3, (0, 1))


def decode(frame: bytes) -> tuple[int, PeerMessage]:
    """Decode a frame as a receiver does."""
    view = memoryview(frame)
    fixed = stream.decode_fixed(view[: stream.FIXED.size])
    rest = view[stream.FIXED.size :]
    if len(rest) != fixed.total:
        raise RemoteProtocolError("incomplete")
    lengths = stream.decode_buffer_lengths(fixed, rest[: fixed.index_length])
    start = fixed.index_length + fixed.head_length
    buffers = []
    for length in lengths:
        buffers.append(rest[start : start + length])
        start += length
    head = rest[fixed.index_length : fixed.index_length + fixed.head_length]
    return fixed.channel, stream.decode_message(head, buffers)


def encode(channel: int, message: PeerMessage) -> bytes:
    return b"".join(bytes(piece) for piece in stream.encode_message(channel, message))


@given(st.integers(0, 2**32 - 2), messages(own_data))
def test_message_round_trips(channel: int, message: PeerMessage):
    found, received = decode(encode(channel, message))
    assert found == channel
    assert same(message.data, received.data)
    for name in ("timestamp", "next_timestamp", "overlay", "port_length", "number", "iteration"):
        assert getattr(received, name) == getattr(message, name)


@pytest.mark.parametrize("saved_until", [None, 0.0, 3600.5])
def test_saved_until_round_trips(saved_until: "float | None"):
    message = message_with(None)
    message.saved_until = saved_until
    assert decode(encode(0, message))[1] == message


def test_contiguous_array_is_not_copied():
    pieces = stream.encode_message(0, message_with(LARGE))
    assert np.shares_memory(np.frombuffer(pieces[1], float), LARGE)


def test_truncated_frame_is_rejected():
    frame = encode(0, message_with(Grid(np.arange(2000.0), ["x"])))
    for length in [*range(200), *range(200, len(frame), 97)]:
        with pytest.raises(RemoteProtocolError):
            decode(frame[:length])


def test_truncated_head_is_rejected():
    head = stream.pack_head(message_with(None)) + pack({"a": [1, 2]})
    for length in range(len(head)):
        with pytest.raises(RemoteProtocolError):
            stream.decode_message(memoryview(head[:length]), [])
    with pytest.raises(RemoteProtocolError):
        stream.decode_message(memoryview(head + b"\0"), [])


@pytest.mark.parametrize(
    "fixed",
    [
        (2**48 + 1, 0, 0, 0, 0),
        (2**40, 0, 2**31 + 1, 0, 0),
        (2**40, 0, 0, 2**20 + 1, 0),
        (10, 0, 11, 0, 0),
        (10, 0, 0, 2, 0),
    ],
)
def test_absurd_lengths_are_rejected_in_the_fixed_part(fixed):
    with pytest.raises(RemoteProtocolError):
        stream.decode_fixed(memoryview(stream.FIXED.pack(*fixed)))


@pytest.mark.parametrize("length", [*range(stream.FIXED.size), stream.FIXED.size + 1])
def test_fixed_part_of_another_length_is_rejected(length: int):
    with pytest.raises(RemoteProtocolError, match=f"received {length} bytes"):
        stream.decode_fixed(memoryview(bytes(length)))


@pytest.mark.parametrize("length", [0, 1, 8, 15, 17, 24])
def test_buffer_lengths_of_another_size_are_rejected(length: int):
    fixed = stream.decode_fixed(memoryview(stream.FIXED.pack(100, 0, 10, 2, 0)))
    with pytest.raises(RemoteProtocolError, match=f"received {length} bytes"):
        stream.decode_buffer_lengths(fixed, memoryview(bytes(length)))


def test_buffer_lengths_that_do_not_add_up_are_rejected():
    fixed = stream.decode_fixed(memoryview(stream.FIXED.pack(100, 0, 10, 2, 0)))
    with pytest.raises(RemoteProtocolError, match="differs from the sum of its parts"):
        stream.decode_buffer_lengths(fixed, memoryview(stream.LENGTH.pack(30) * 2))


def test_channel_opening_round_trips():
    frame = memoryview(stream.open_channel(3, "b.in[2]"))
    fixed = stream.decode_fixed(frame[: stream.FIXED.size])
    assert fixed.channel == stream.OPEN_CHANNEL
    assert stream.decode_open_channel(frame[stream.FIXED.size :]) == (3, "b.in[2]")


def test_hello_round_trips():
    assert stream.decode_hello(stream.encode_hello("micro[1]", 5)) == ("micro[1]", 5)


@pytest.mark.parametrize("values", [None, [], [1], ["a"], ["a", "b"], ["a", -1], "a", {}])
def test_malformed_hello_or_channel_opening_is_rejected(values: object):
    with pytest.raises(RemoteProtocolError):
        stream.decode_hello(pack(values))
    with pytest.raises(RemoteProtocolError):
        stream.decode_open_channel(memoryview(pack(values)))


HEAD = [0, None, 0.0, None, [], None, None, None]


@pytest.mark.parametrize(
    "values",
    [
        None,
        5,
        [],
        HEAD[:-1],
        [*HEAD, 0],
        [0, None, 0.0, None, 5, None, None, None],
        [0, None, "noon", None, [], None, None, None],
        [0, None, None, None, [], None, None, None],
        [0, None, 0.0, "noon", [], None, None, None],
        [0, None, 0.0, None, [], "noon", None, None],
        [0, None, 0.0, None, [], None, [1], None],
        [0, None, 0.0, None, [], None, "overlay", None],
        [0, None, 0.0, None, [], None, {"1": 2}, None],
        [*HEAD[:-1], msgpack.ExtType(16, b"")],
    ],
)
def test_malformed_message_is_rejected(values: object):
    with pytest.raises(RemoteProtocolError):
        stream.decode_message(memoryview(pack(values)), [])


def test_times_that_arrive_as_integers_become_floats():
    message = stream.decode_message(memoryview(pack([0, None, 1, 2, [], 3, None, None])), [])
    times = (message.timestamp, message.next_timestamp, message.saved_until)
    assert times == (1.0, 2.0, 3.0)
    assert set(map(type, times)) == {float}


@given(st.data())
def test_changed_head_raises_only_protocol_errors(data: st.DataObject):
    message = message_with([Grid(np.zeros((2, 3)), ["x", "y"]), 1j, np.zeros(2, "i4,f8")])
    head = bytearray(encode(0, message)[stream.FIXED.size :])
    for _ in range(data.draw(st.integers(1, 4))):
        head[data.draw(st.integers(0, len(head) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RemoteProtocolError):
        stream.decode_message(memoryview(bytes(head)), [])


def test_unsendable_data_are_rejected():
    with pytest.raises(UnsendableData, match=r"data\['a'\]"):
        stream.encode_message(0, message_with({"a": object()}))


def test_overlay_settings_arrive_as_plain_values():
    overlay = Settings({"a": np.int64(1), "b": np.ones((1, 2)), "c": [np.float32(0.5)], "d": None})  # type: ignore[dict-item, list-item]
    message = PeerMessage(0.0, None, None, overlay, None, 0, ())
    received = decode(b"".join(map(bytes, stream.encode_message(0, message))))[1].overlay
    assert received.as_dict() == {"a": 1, "b": [[1.0, 1.0]], "c": [0.5], "d": None}


@pytest.mark.parametrize("value", [np.timedelta64(3, "s"), b"x", {}], ids=repr)
def test_unsendable_overlay_setting_is_named(value):
    message = PeerMessage(0.0, None, None, Settings({"k": value}), None, 0, ())
    text = rf"settings\['k'\] cannot be sent.*{type(value).__name__}"
    with pytest.raises(UnsendableData, match=text):
        stream.encode_message(0, message)
