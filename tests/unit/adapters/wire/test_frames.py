import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire.frames import WORD_SIZE, ByteQueue, checked_length, word
from domain.errors import RemoteProtocolError


def test_a_word_is_eight_bytes_with_the_lowest_first():
    assert word(0x0102) == bytes([2, 1, 0, 0, 0, 0, 0, 0])


@given(st.integers(0, 2**63 - 1))
def test_any_word_arrives_byte_by_byte(value: int):
    queue = ByteQueue()
    data = word(value)
    for byte in data[:-1]:
        queue.put(bytes([byte]))
        assert queue.take(WORD_SIZE) is None
    queue.put(data[-1:])
    assert queue.take(WORD_SIZE) == value.to_bytes(8, "little")
    assert len(queue) == 0


@given(st.lists(st.binary(max_size=200), max_size=20), st.lists(st.integers(0, 300), max_size=20))
def test_bytes_come_out_in_the_order_in_which_they_were_put(pieces, counts):
    queue = ByteQueue()
    for piece in pieces:
        queue.put(piece)
    expected = b"".join(pieces)
    for count in counts:
        taken = queue.take(count)
        if count > len(expected):
            assert taken is None
        else:
            assert taken == expected[:count]
            expected = expected[count:]
    assert len(queue) == len(expected)


def test_what_was_taken_takes_no_room_for_long():
    queue = ByteQueue()
    for number in range(100):
        queue.put(bytes([number]) * 10_001)
        assert queue.take(10_000) is not None
    assert len(queue._data) < 200_000


@given(st.integers(0, 2**64), st.integers(0, 2**64))
def test_only_a_length_within_the_limit_is_believed(length: int, limit: int):
    if length <= limit:
        assert checked_length(length, limit) == length
    else:
        with pytest.raises(RemoteProtocolError, match=str(length)):
            checked_length(length, limit)
