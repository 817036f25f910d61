"""The receiving side of a stream, without sockets."""

import contextlib
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire import stream
from adapters.wire.frames import word
from adapters.wire.reconnection import ConnectionState, RetryPolicy
from adapters.wire.stream_receiver import (
    BYTES_PER_ACKNOWLEDGEMENT,
    FRAMES_PER_ACKNOWLEDGEMENT,
    StreamReceiver,
)
from domain.coupling.grid import Grid
from domain.errors import LocalProtocolError, PortError, RemoteProtocolError
from tests.support.stream_ends import (
    CLIENT_NONCE,
    PieceCutter,
    connect_receiver,
    frame,
    new_receiver,
)
from tests.unit.adapters.wire.wire_values import same

OPENED = stream.open_channel(0, "micro.in")
LARGE = np.arange(3000.0)


def opened(*, is_resumable: bool = True) -> tuple[StreamReceiver, PieceCutter]:
    """A receiver with an open channel 0."""
    receiver = new_receiver()
    connect_receiver(receiver, is_resumable=is_resumable)
    cutter = PieceCutter(receiver)
    assert cutter.put(OPENED) == []
    return receiver, cutter


# Opening


def test_new_receiver_announces_no_received_frames():
    assert connect_receiver(new_receiver()) == ("micro", 0)


def test_receiver_resumes_after_the_frames_that_it_has():
    receiver, cutter = opened()
    cutter.put(frame(1) + frame(2))
    receiver.connection_lost(now=0.0)
    assert connect_receiver(receiver) == ("micro", 3)


def test_incomplete_frame_of_a_lost_connection_is_dropped():
    for length in range(1, len(frame(LARGE)), 61):
        receiver, cutter = opened()
        cutter.put(frame(LARGE)[:length])
        receiver.connection_lost(now=0.0)
        assert connect_receiver(receiver) == ("micro", 1)
        (message,) = PieceCutter(receiver).put(frame("whole"))
        assert message.data == "whole"


def test_sender_of_another_run_is_rejected():
    receiver = new_receiver()
    receiver.connected(now=0.0, nonce=CLIENT_NONCE, is_resumable=True)
    with pytest.raises(RemoteProtocolError, match="does not know the secret"):
        receiver.received(bytes(receiver.wanted))


# Frames


@pytest.mark.parametrize(
    "data",
    ["x", Grid(LARGE), [Grid(LARGE), "between", Grid(LARGE[:2000])], Grid(np.empty(0))],
    ids=["small", "large", "two buffers", "empty array"],
)
def test_message_arrives_in_pieces_of_any_size(data):
    whole = frame(data)
    for size in (1, 2, 3, 7, 64, 1000, len(whole)):
        _, cutter = opened()
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        arrived = [message for piece in pieces for message in cutter.put(piece)]
        (message,) = arrived
        assert same(data, message.data)
        assert message.size == len(whole)


def test_frames_that_arrive_together_are_all_decoded():
    receiver, cutter = opened()
    large = Grid(LARGE)
    arrived = cutter.put(frame(1) + frame(large) + frame(3) + frame("incomplete")[:-1])
    assert [item.data for item in arrived] == [1, large, 3]
    assert receiver.frames == 4


def test_only_buffers_are_received_in_place():
    receiver, _ = opened()
    whole = memoryview(frame([LARGE, LARGE]))
    sizes = []
    position = 0
    while True:
        wanted = receiver.wanted
        sizes.append((wanted, receiver.in_place))
        if receiver.received(whole[position : position + wanted]):
            break
        position += wanted
    assert [size for size, in_place in sizes if in_place] == [LARGE.nbytes] * 2
    assert [in_place for _, in_place in sizes] == [False, False, False, True, True]
    assert not receiver.in_place


def test_buffers_that_are_received_in_place_are_not_copied():
    receiver, _ = opened()
    whole = memoryview(bytearray(frame(LARGE)))
    position = 0
    while True:
        wanted = receiver.wanted
        piece = whole[position : position + wanted]
        position += wanted
        if receiver.received(piece):
            break
    arrival = receiver.take_frame()
    assert arrival is not None
    assert np.shares_memory(arrival[1].data.array, np.frombuffer(whole, np.uint8))


def test_receiver_does_not_keep_the_memory_of_a_message():
    receiver, _ = opened()
    whole = memoryview(frame(LARGE))
    references = []
    position = 0
    is_complete = False
    while not is_complete:
        wanted, in_place = receiver.wanted, receiver.in_place
        memory = np.frombuffer(bytearray(whole[position : position + wanted]), np.uint8)
        position += wanted
        if in_place:
            references.append(weakref.ref(memory))
        is_complete = receiver.received(memory.data)
        del memory
    arrival = receiver.take_frame()
    assert arrival is not None
    assert isinstance(arrival[1].data, Grid)
    (reference,) = references
    assert reference() is not None
    del arrival
    assert reference() is None


def test_messages_are_put_into_the_queue_of_their_endpoint():
    receiver, cutter = opened()
    cutter.put(stream.open_channel(1, "micro.other"))
    cutter.put(frame("a", 1) + frame("b", 0) + frame("c", 1))
    assert [item.data for item, _ in receiver.arrivals("micro.other")] == ["a", "c"]
    assert [item.data for item, _ in receiver.expect("macro.out", "micro.in")] == ["b"]


def test_channels_stay_open_on_the_next_connection():
    receiver, _ = opened()
    receiver.connection_lost(now=0.0)
    connect_receiver(receiver)
    assert [item.data for item in PieceCutter(receiver).put(frame(5))] == [5]


def test_message_on_a_channel_that_was_not_opened_is_rejected():
    _, cutter = opened()
    with pytest.raises(RemoteProtocolError, match="'macro' sent a message on a channel"):
        cutter.put(frame(channel=3))


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_arbitrary_bytes_raise_only_protocol_errors(pieces: list[bytes]):
    _, cutter = opened()
    try:
        for piece in pieces:
            cutter.put(piece)
    except RemoteProtocolError:
        pass


@given(st.data())
def test_changed_frames_raise_only_protocol_errors(data: st.DataObject):
    changed = bytearray(frame([LARGE[:100], "x"]) + frame(LARGE))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    _, cutter = opened()
    with contextlib.suppress(RemoteProtocolError):
        cutter.put(bytes(changed))


# Slots


@pytest.mark.parametrize(
    ("opened_endpoint", "receiver_endpoint", "vector", "scalar"),
    [
        ("micro.in[0]", "micro.in", "macro.out", "micro.in"),
        ("micro.in", "micro.in[0]", "micro.in", "macro.out"),
    ],
)
@pytest.mark.parametrize("is_expected_first", [True, False])
def test_port_with_slots_at_one_end_only_is_rejected(
    opened_endpoint, receiver_endpoint, vector, scalar, is_expected_first
):
    receiver = new_receiver()
    connect_receiver(receiver)
    cutter = PieceCutter(receiver)
    actions = [
        lambda: receiver.expect("macro.out", receiver_endpoint),
        lambda: cutter.put(stream.open_channel(0, opened_endpoint)),
    ]
    first, second = actions if is_expected_first else reversed(actions)
    first()
    with pytest.raises(
        PortError, match=rf"only '{vector}' is.*and '{scalar}' is not".replace("[", r"\[")
    ):
        second()


# Acknowledgements


def test_frames_are_acknowledged_when_there_are_many():
    receiver, cutter = opened()
    for _ in range(FRAMES_PER_ACKNOWLEDGEMENT - 2):
        cutter.put(frame())
    assert receiver.data_to_send() == b""
    cutter.put(frame())
    assert receiver.data_to_send() == word(FRAMES_PER_ACKNOWLEDGEMENT)
    for _ in range(FRAMES_PER_ACKNOWLEDGEMENT - 1):
        cutter.put(frame())
    assert receiver.data_to_send() == b""


def test_frames_are_acknowledged_when_they_are_large():
    receiver, cutter = opened()
    part = bytes(BYTES_PER_ACKNOWLEDGEMENT // 4)
    acknowledged = []
    for _ in range(8):
        cutter.put(frame(part))
        acknowledged.append(receiver.data_to_send())
    assert [item != b"" for item in acknowledged] == ([False] * 3 + [True]) * 2
    assert acknowledged[3] == word(5)


def test_last_frames_are_acknowledged_at_the_end_before_the_goodbye():
    receiver, cutter = opened()
    cutter.put(frame())
    receiver.end()
    assert receiver.data_to_send() == word(2) + word(stream.GOODBYE)
    assert receiver.state is ConnectionState.ENDED


def test_no_frames_are_acknowledged_if_the_connection_cannot_be_resumed():
    receiver, cutter = opened(is_resumable=False)
    for _ in range(3 * FRAMES_PER_ACKNOWLEDGEMENT):
        cutter.put(frame())
    receiver.end()
    assert receiver.data_to_send() == b""


def test_acknowledgement_that_was_not_sent_is_dropped_with_the_connection():
    receiver, cutter = opened()
    for _ in range(FRAMES_PER_ACKNOWLEDGEMENT):
        cutter.put(frame())
    receiver.connection_lost(now=0.0)
    assert receiver.data_to_send() == b""


# Reconnecting and giving up

POLICY = RetryPolicy(give_up_after=10.0, first_pause=1.0, growth=2.0)


def test_resumable_connection_is_restored_immediately():
    receiver, _ = opened()
    receiver.connection_lost(now=5.0)
    assert (receiver.state, receiver.next_deadline()) == (ConnectionState.DISCONNECTED, 5.0)


def test_open_connection_that_cannot_be_resumed_is_lost_for_good():
    receiver, _ = opened(is_resumable=False)
    receiver.connection_lost(now=0.0)
    assert receiver.state is ConnectionState.LOST


def test_connection_that_cannot_be_resumed_is_retried_until_it_is_open():
    receiver = new_receiver()
    receiver.connected(now=0.0, nonce=CLIENT_NONCE, is_resumable=False)
    receiver.connection_lost(now=0.0)
    assert receiver.state is ConnectionState.DISCONNECTED
    assert connect_receiver(receiver) == ("micro", 0)


def test_connection_is_given_up_when_a_retry_cannot_help():
    receiver = new_receiver()
    receiver.connection_lost(now=0.0, may_retry=False)
    assert receiver.state is ConnectionState.LOST


def test_connections_without_any_frame_are_given_up():
    receiver = new_receiver(retries=POLICY)
    deadlines = [0.0]
    while receiver.state is not ConnectionState.LOST:
        connect_receiver(receiver, now=deadlines[-1])
        receiver.connection_lost(now=deadlines[-1])
        deadlines.append(receiver.next_deadline())
    assert deadlines == [0.0, 0.0, 1.0, 3.0, 7.0, None]


def test_frames_restart_the_retry_time():
    receiver = new_receiver(retries=POLICY)
    for now in range(100):
        connect_receiver(receiver, now=now)
        PieceCutter(receiver).put(OPENED)
        receiver.connection_lost(now=now)
        assert receiver.next_deadline() == now


def test_stream_that_does_not_open_in_time_has_a_deadline():
    receiver = new_receiver(retries=POLICY)
    receiver.connected(now=3.0, nonce=CLIENT_NONCE, is_resumable=True)
    assert receiver.next_deadline() == 13.0


def test_ended_stream_is_not_resumed():
    receiver, _ = opened()
    receiver.end()
    receiver.end()
    receiver.connection_lost(now=0.0)
    assert receiver.state is ConnectionState.ENDED
    with pytest.raises(LocalProtocolError):
        connect_receiver(receiver)
