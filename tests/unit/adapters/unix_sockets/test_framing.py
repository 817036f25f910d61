import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.unix_sockets.framing import FrameSplitter, greeting, join_frames
from domain.errors import RemoteProtocolError


@given(st.lists(st.binary()), st.integers(1, 50))
def test_frames_arrive_however_the_bytes_are_cut(frames, size):
    data = join_frames([greeting("worker:0:1@0000000a"), *frames])
    splitter = FrameSplitter()
    received = []
    for start in range(0, len(data), size):
        received += splitter.split(data[start : start + size])
    assert received == frames
    assert splitter.sender == "worker:0:1@0000000a"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"\xff" * 100,
        bytes(range(100, 200)),
        join_frames([b"hello"]),
        join_frames([greeting("a") + b"\xff"]),
        join_frames([greeting("u" * 300)]),
        join_frames([greeting("a")]) + b"\xff\xff\xff\xff",
    ],
    ids=range(7),
)
def test_bytes_that_are_not_from_a_runtime_are_rejected(data):
    with pytest.raises(RemoteProtocolError):
        list(FrameSplitter().split(data))
