"""MessagePack in pieces: the same bytes as in one piece, without a copy of large buffers."""

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire import pieces
from adapters.wire.packing import pack
from adapters.wire.payloads import Muscle3Payloads
from adapters.wire.pieces import Packed, PieceRules, pack_pieces
from domain.coupling.grid import Grid
from domain.errors import DataTooLarge, UnsendableData

RULES = PieceRules(lambda value, _path: pack(value))
LARGE = bytes(range(256)) * 256

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(0, 9), st.floats(), st.text(), st.just(LARGE)
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(values)
def test_pieces_together_are_the_usual_messagepack(value):
    assert b"".join(pack_pieces(value, "data", RULES)) == pack(value)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_large_buffer_is_a_piece_without_a_copy(kind):
    value = kind(LARGE)
    _, piece, end = pack_pieces({"large": value, "small": 1}, "data", RULES)
    assert np.shares_memory(np.frombuffer(piece, np.uint8), np.frombuffer(value, np.uint8))
    assert end == pack("small") + pack(1)


def test_value_without_large_buffers_is_one_piece():
    assert pack_pieces([1, {"a": b"small"}], "data", RULES) == [pack([1, {"a": b"small"}])]


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 8, 16, 17, 255, 256, 65535, 65536])
@pytest.mark.parametrize("code", [None, 0, 5, 127])
def test_packed_pieces_are_embedded_as_a_value(length, code):
    data = bytes(length)
    value = data if code is None else msgpack.ExtType(code, data)
    embedded = pack_pieces([Packed([data], code), 1], "data", RULES)
    assert b"".join(embedded) == pack([value, 1])


@pytest.mark.parametrize("wrap", [lambda a: a, lambda a: {"x": [a, 1]}, Grid])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(20_000.0),
        np.arange(20_000.0)[::2],
        np.arange(20_000, dtype=">i8"),
        np.asfortranarray(np.ones((200, 100))),
        np.ones(3),
    ],
)
def test_arrays_for_muscle3_are_the_same_in_pieces(array, wrap):
    value = wrap(array)
    assert b"".join(Muscle3Payloads.encode_pieces(value)) == Muscle3Payloads.encode(value)


def test_array_for_muscle3_is_not_copied():
    array = np.arange(20_000.0)
    _, piece, _ = Muscle3Payloads.encode_pieces([array])
    assert np.shares_memory(np.frombuffer(piece), array)


def test_large_array_that_muscle3_does_not_support_is_named():
    with pytest.raises(UnsendableData, match=r"^data\['a'\] cannot be sent: it is an array of"):
        Muscle3Payloads.encode_pieces({"a": np.ones(20_000, complex), "b": LARGE})


def test_too_large_buffer_is_named(monkeypatch):
    monkeypatch.setattr(pieces, "MAX_LENGTH", len(LARGE) - 1)
    with pytest.raises(DataTooLarge, match=r"^data\['a'\]\[1\] cannot be sent: it is larger"):
        pack_pieces({"a": [0, LARGE]}, "data", RULES)


def test_deep_value_is_packed_as_a_whole():
    value = []
    for _ in range(490):
        value = [value]
    assert b"".join(pack_pieces([value, 1], "data", RULES)) == pack([value, 1])
