import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire.frames import (
    WORD_SIZE,
    ByteQueue,
    Parser,
    ParserFeed,
    checked_length,
    integer,
    read_block,
    read_integer,
    word,
)
from domain.errors import RemoteProtocolError


def test_word_is_eight_bytes_in_little_endian_order():
    assert word(0x0102) == bytes([2, 1, 0, 0, 0, 0, 0, 0])


@given(st.integers(0, 2**63 - 1))
def test_word_arrives_byte_by_byte(value: int):
    queue = ByteQueue()
    data = word(value)
    for byte in data[:-1]:
        queue.put(bytes([byte]))
        assert queue.take(WORD_SIZE) is None
    queue.put(data[-1:])
    assert queue.take(WORD_SIZE) == value.to_bytes(8, "little")
    assert len(queue) == 0


@given(st.lists(st.binary(max_size=200), max_size=20), st.lists(st.integers(0, 300), max_size=20))
def test_byte_queue_keeps_the_order(pieces, counts):
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


def test_byte_queue_frees_the_memory_of_taken_bytes():
    queue = ByteQueue()
    for number in range(100):
        queue.put(bytes([number]) * 10_001)
        assert queue.take(10_000) is not None
    assert len(queue._data) < 200_000


@given(st.integers(0, 2**64), st.integers(0, 2**64))
def test_length_beyond_the_limit_is_rejected(length: int, limit: int):
    if length <= limit:
        assert checked_length(length, limit) == length
    else:
        with pytest.raises(RemoteProtocolError, match=str(length)):
            checked_length(length, limit)


@given(st.integers(0, 2**63 - 1))
def test_integer_of_a_word(value: int):
    assert integer(word(value)) == value


@pytest.mark.parametrize("value", [2**63, 2**64 - 1])
def test_word_beyond_the_integers_is_rejected(value: int):
    with pytest.raises(RemoteProtocolError, match="another protocol"):
        integer(value.to_bytes(8, "little"))


class Blocks:
    """Parses a number of blocks."""

    def __init__(self, *, limit: int = 10) -> None:
        self.blocks: list[bytes | memoryview] = []
        self._limit = limit
        self.feed = ParserFeed(self._parse())

    def _parse(self) -> Parser[None]:
        for _ in range((yield from read_integer())):
            self.blocks.append((yield from read_block(self._limit)))


BLOCKS = word(3) + word(3) + b"one" + word(0) + word(5) + b"three"


@pytest.mark.parametrize("size", range(1, len(BLOCKS) + 1))
def test_parser_receives_blocks_from_pieces_of_any_size(size: int):
    parsing = Blocks()
    for start in range(0, len(BLOCKS), size):
        assert not parsing.feed.is_done
        parsing.feed.feed(BLOCKS[start : start + size])
    assert parsing.feed.is_done
    assert parsing.blocks == [b"one", b"", b"three"]


def test_parser_reports_how_many_bytes_it_needs():
    parsing = Blocks()
    wanted = []
    position = 0
    while not parsing.feed.is_done:
        wanted.append(parsing.feed.wanted)
        parsing.feed.feed(BLOCKS[position : position + wanted[-1]])
        position += wanted[-1]
    assert wanted == [8, 8, 3, 8, 8, 5]
    assert parsing.feed.unparsed == 0


def test_piece_that_is_fed_alone_is_not_copied():
    parsing = Blocks()
    parsing.feed.feed(word(1) + word(3))
    buffer = bytearray(b"one")
    parsing.feed.feed(memoryview(buffer))
    buffer[0:1] = b"O"
    assert parsing.blocks == [b"One"]


def test_trailing_data_stay_unparsed():
    parsing = Blocks()
    parsing.feed.feed(BLOCKS + b"more")
    assert parsing.feed.is_done
    parsing.feed.feed(b"and more")
    assert parsing.feed.unparsed == len(b"moreand more")
    assert parsing.feed.take_unparsed() == b"moreand more"
    assert (parsing.feed.unparsed, parsing.feed.take_unparsed()) == (0, b"")


def test_block_beyond_the_limit_is_rejected_before_it_arrives():
    parsing = Blocks(limit=2)
    with pytest.raises(RemoteProtocolError, match="more than the 2"):
        parsing.feed.feed(word(1) + word(3))
