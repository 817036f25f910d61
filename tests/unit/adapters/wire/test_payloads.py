import contextlib
from types import SimpleNamespace

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from adapters.wire.arrays import HEADER_LENGTH, INLINE, SMALL_ARRAY
from adapters.wire.extensions import ARRAY, COMPLEX
from adapters.wire.packing import pack, unpack
from adapters.wire.payloads import Muscle3Payloads, OwnPayloads, encode_own
from domain.coupling.grid import Grid
from domain.coupling.messages import Milestone
from domain.coupling.settings import Settings
from domain.errors import DataTooLarge, RemoteProtocolError, UnsendableData
from tests.unit.adapters.wire.wire_values import muscle3_data, own_data, same

LARGE = np.arange(5000.0)
MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])

WITH_PYTHON_EQUIVALENT = [
    *(np.dtype(code).type(3) for code in "bhilqBHILQ"),
    np.bool_(True),
    np.float16(1.5),
    np.float32(0.1),
    np.uint64(2**64 - 1),
    np.int64(-(2**63)),
]
"""Scalars whose values have an exact Python equivalent."""

PYTHON_SUBCLASSES = [np.float64(0.1), np.str_("a\0"), np.bytes_(b"a\0")]
"""Scalars that are a Python float, str or bytes by inheritance."""

NUMPY_ONLY = [
    np.longdouble(1) / 3,
    np.complex64(1 + 2j),
    np.complex128(1 - 2j),
    np.clongdouble(1j) / 3,
    *(
        scalar(value, unit)
        for unit in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25us")
        for scalar, value in ((np.timedelta64, 3), (np.datetime64, 3), (np.timedelta64, "NaT"))
    ),
    np.timedelta64(3),
    np.timedelta64("NaT"),
    np.datetime64("NaT"),
    np.datetime64("NaT", "ns"),
    np.datetime64("2020-01-01T00:00:00.000000001"),
    np.void(b"abc"),
    np.array((1, 2.5), "i4,f8")[()],
]
"""Scalars whose values have no exact Python equivalent."""


def through_ours(data: object) -> object:
    """Send data through our own protocol."""
    payloads = OwnPayloads()
    encoded = encode_own(data, payloads)
    buffers = [memoryview(bytes(buffer)) for buffer in payloads.buffers]
    return unpack(encoded, OwnPayloads(buffers).ext_hook)


def through_muscle3s(data: object) -> object:
    """Send data through MUSCLE3's protocol."""
    return unpack(Muscle3Payloads.encode(data), Muscle3Payloads.ext_hook)


def assert_same_scalar(received: object, sent: np.generic) -> None:
    assert isinstance(received, np.generic)
    # where long and long long are the same size, numpy has two types for it
    assert type(received) is np.dtype(sent.dtype.str).type
    assert received.dtype == sent.dtype
    # compared by repr, since NaN != NaN and a long double contains padding bytes
    assert repr(received) == repr(sent)


BOTH = pytest.mark.parametrize("through", [through_ours, through_muscle3s])


def id_of(value: object) -> str:
    return repr(value)


@given(own_data)
def test_data_sent_to_our_own_peer_round_trips(data: object):
    assert same(data, through_ours(data))


@given(muscle3_data)
def test_data_that_muscle3_supports_round_trips(data: object):
    assert same(data, through_muscle3s(data))


def test_example_scalars_cover_all_numpy_types():
    tested = {type(scalar) for scalar in (*WITH_PYTHON_EQUIVALENT, *PYTHON_SUBCLASSES, *NUMPY_ONLY)}
    assert {np.dtype(code).type for code in np.typecodes["All"]} - tested == {np.object_}


@pytest.mark.parametrize("scalar", [*WITH_PYTHON_EQUIVALENT, *NUMPY_ONLY], ids=id_of)
def test_example_numpy_scalar_sent_to_our_own_peer_round_trips(scalar: np.generic):
    received = through_ours([scalar, {"a": scalar}])
    assert isinstance(received, list)
    assert_same_scalar(received[0], scalar)
    assert_same_scalar(received[1]["a"], scalar)


@given(st.data())
def test_numpy_scalar_sent_to_our_own_peer_round_trips(data: st.DataObject):
    scalar = data.draw(nps.arrays(data.draw(nps.scalar_dtypes()), ()))[()]
    if isinstance(scalar, np.float64):
        scalar = np.longdouble(scalar)
    assert_same_scalar(through_ours(scalar), scalar)


@BOTH
@pytest.mark.parametrize("scalar", PYTHON_SUBCLASSES, ids=id_of)
def test_numpy_scalar_of_a_python_type_arrives_as_that_type(through, scalar: np.generic):
    received = through(scalar)
    assert type(received) in (float, str, bytes)
    assert isinstance(scalar, type(received))
    assert received == scalar


@pytest.mark.parametrize("scalar", WITH_PYTHON_EQUIVALENT, ids=id_of)
def test_numpy_scalar_sent_to_muscle3_arrives_as_the_equal_python_value(scalar: np.generic):
    received = through_muscle3s([scalar])
    assert received == [scalar.item()]
    assert type(received[0]) is type(scalar.item())  # type: ignore[index]


@pytest.mark.parametrize("data", [*NUMPY_ONLY, 1j], ids=id_of)
def test_data_that_the_protocol_of_muscle3_does_not_support_are_rejected(data: object):
    reason = r"data\['a'\].*which MUSCLE3's protocol cannot represent.*with Conjoin's library can"
    with pytest.raises(UnsendableData, match=reason):
        Muscle3Payloads.encode({"a": data})


@pytest.mark.parametrize(
    "array",
    [
        LARGE,
        LARGE.reshape(50, 100).T,
        LARGE[::-2],
        np.broadcast_to(LARGE, (3, 5000)),
        LARGE.astype(">f4"),
        LARGE.astype(complex),
        LARGE.astype("M8[s]"),
        np.array([b"ab", b"c"] * 5000),
        np.array([(1, 2.0)] * 5000, [("a", "i4"), ("b", "f8", ())]),
    ],
)
def test_large_array_is_sent_in_a_separate_buffer(array: np.ndarray):
    payloads = OwnPayloads()
    encoded = encode_own({"x": [array, array]}, payloads)
    assert len(payloads.buffers) == 2
    assert len(encoded) < SMALL_ARRAY
    for item in through_ours({"x": [array, array]})["x"]:  # type: ignore[index]
        assert item.array.dtype == array.dtype
        assert np.array_equal(item.array, array)
        assert not item.array.flags.writeable


FIELDS = np.dtype([("x", "f4"), ("y", ">f8"), ("z", "i2")])
ALIGNED = np.dtype([("a", "u1"), ("b", "f8")], align=True)
STRUCTURED = {
    "in order": FIELDS,
    "out of order": np.zeros(1, FIELDS)[["z", "x"]].dtype,
    "with a gap": np.zeros(1, FIELDS)[["x", "z"]].dtype,
    "overlapping": np.dtype({"names": ["a", "b"], "formats": ["u4", "u2"], "offsets": [0, 2]}),
    "one over all": np.dtype(
        {"names": ["a", "b"], "formats": [FIELDS, "V14"], "offsets": [0, 0], "itemsize": 20}
    ),
    "padded": np.dtype({"names": ["a"], "formats": ["u1"], "offsets": [3], "itemsize": 32}),
    "aligned": ALIGNED,
    "titles": np.dtype([(("Title", "a"), "u1"), ("b", "f4")]),
    "arrays as fields": np.dtype([("a", "f4", (2, 3)), ("b", ALIGNED, (2,))]),
    "nested": np.dtype([("p", FIELDS), ("q", [("r", ALIGNED), ("s", "M8[ms]")])]),
    "of all kinds": np.dtype([("ä", "U3"), ("s", "S2"), ("v", "V5"), ("c", "c8"), ("g", "g")]),
    "records": np.dtype((np.record, FIELDS)),
    "no fields": np.dtype([]),
}


@pytest.mark.parametrize("dtype", STRUCTURED.values(), ids=STRUCTURED)
@pytest.mark.parametrize("shape", [(), (3,), (2, 1500)], ids=str)
def test_structured_array_round_trips(dtype: np.dtype, shape: tuple[int, ...]):
    size = int(np.prod(shape)) * dtype.itemsize
    memory = bytes(index % 99 for index in range(size))
    array = np.ndarray(shape, dtype, memory)
    received = through_ours({"a": array})["a"].array  # type: ignore[index]
    # also by repr, since numpy considers aligned and equivalent manual layouts equal
    assert (received.dtype, repr(received.dtype)) == (dtype, repr(dtype))
    assert received.dtype.isalignedstruct == dtype.isalignedstruct
    assert received.shape == shape
    assert received.tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", STRUCTURED.values(), ids=STRUCTURED)
def test_element_of_a_structured_array_round_trips(dtype: np.dtype):
    element = np.zeros(2, dtype)[1]
    received = through_ours([element])[0]  # type: ignore[index]
    assert type(received) is type(element)
    assert received.dtype == dtype
    assert received.tobytes() == element.tobytes()


def test_selected_fields_of_an_array_with_gaps_keep_their_values():
    array = np.array([(1, 2, 3), (4, 5, 6), (7, 8, 9)], FIELDS)[["z", "x"]][::2]
    received = through_ours(array).array  # type: ignore[attr-defined]
    assert received.dtype == array.dtype
    assert received.tolist() == [(3, 1.0), (9, 7.0)]


def test_memory_order_of_an_array_is_kept():
    received = through_ours(np.asfortranarray(LARGE.reshape(50, 100)))
    assert received.array.flags.f_contiguous  # type: ignore[attr-defined]


@BOTH
def test_received_array_is_read_only(through):
    assert not through(np.zeros(3)).array.flags.writeable


@BOTH
@pytest.mark.parametrize(
    "data",
    [
        MASKED,
        np.ma.masked,
        np.ma.array([(1, 2)], "i4,i4")[0],
        SimpleNamespace(array=MASKED, indexes=["x"]),
    ],
    ids=["array", "masked constant", "structured element", "Grid-like object"],
)
def test_masked_data_are_rejected_because_the_mask_would_be_lost(through, data: object):
    with pytest.raises(UnsendableData, match=r"data\['m'\].*lose its mask.*\.filled\(\)"):
        through({"m": data})


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="needs numpy 2")
def test_strings_of_variable_width_are_rejected_with_advice():
    with pytest.raises(UnsendableData, match=r"data cannot be sent.*\.astype\('U'\)"):
        through_ours(np.array(["a", "b"], np.dtypes.StringDType()))


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"a": [1, {2: 3}]}, r"data\['a'\]\[1\]"),
        ([object()], r"data\[0\]"),
        ({"a": {"b": 2**64}}, r"data\['a'\]\['b'\]"),
        ([[1, {"x": 1j}]], r"data\[0\]\[1\]\['x'\]"),
        (np.zeros(3, np.complex128), "data cannot be sent.*complex128"),
        ([np.zeros(3, np.float16)], r"data\[0\].*float16"),
        (np.array([object()]), "data cannot be sent"),
    ],
)
def test_data_that_muscle3_cannot_receive_are_named_in_the_error(data: object, path: str):
    with pytest.raises(UnsendableData, match=path):
        Muscle3Payloads.encode(data)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (object(), "data cannot be sent: it is an object of type object"),
        ({"a": [np.array([None])]}, r"data\['a'\]\[0\] cannot be sent.*Python objects"),
        ({("a",): 1}, r"data cannot be sent: its key \('a',\)"),
        ([2**65], r"data\[0\] cannot be sent.*64 bits"),
        ({2**65: 1}, f"the key {2**65} of data cannot be sent"),
        (["\udc80"], r"data\[0\] cannot be sent"),
    ],
)
def test_data_that_our_own_peer_cannot_receive_are_named_in_the_error(data: object, path: str):
    with pytest.raises(UnsendableData, match=path):
        through_ours(data)


PLAIN_SETTINGS = [
    *((scalar, scalar.item()) for scalar in WITH_PYTHON_EQUIVALENT),
    (np.float64(0.5), 0.5),
    (np.str_("x"), "x"),
    ([np.int64(1), np.int32(2)], [1, 2]),
    ([[np.float32(0.5)]], [[0.5]]),
    (np.array([1.0, 2.0]), [1.0, 2.0]),
    (np.array([1, 2], "u1"), [1, 2]),
    (np.array([[1.0, 2.0], [3.0, 4.0]]).T, [[1.0, 3.0], [2.0, 4.0]]),
]


@BOTH
@pytest.mark.parametrize(("value", "plain"), PLAIN_SETTINGS, ids=id_of)
def test_numpy_numbers_in_settings_arrive_as_python_numbers(through, value, plain):
    (received,) = through([Settings({"a": value})])
    assert isinstance(received, Settings)
    assert same(plain, received["a"])


@BOTH
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.timedelta64(3, "ns"), "timedelta64, which settings cannot have"),
        (np.longdouble(1), "longdouble, which settings cannot have"),
        (np.zeros((1, 1, 1)), "3 dimensions"),
        (np.array(1.0), "0 dimensions"),
        (np.zeros(2, "c8"), "complex64"),
        (np.array([True]), "bool"),
        (np.ma.array([1.0], mask=[True]), "lose its mask"),
        (1j, "complex, which settings cannot have"),
        pytest.param(object(), "object, which settings cannot have", id="object"),
        (2**64, "64 bits"),
    ],
    ids=id_of,
)
def test_invalid_setting_value_is_named_with_its_key(through, value, reason: str):
    with pytest.raises(UnsendableData, match=rf"data\[0\]\['k'\] cannot be sent.*({reason})"):
        through([Settings({"a": 1, "k": value})])


@BOTH
def test_data_too_large_for_messagepack_are_named_in_the_error(through):
    with pytest.raises(DataTooLarge, match=r"data\['k'\] cannot be sent: it is larger than 4 GiB"):
        through({"k": bytes(2**32)})  # untouched zero pages take no memory


@BOTH
def test_position_in_an_invalid_list_setting_is_named(through):
    with pytest.raises(UnsendableData, match=r"data\['k'\]\[1\] cannot be sent"):
        through(Settings({"k": [1.0, 1j]}))  # type: ignore[list-item]
    with pytest.raises(UnsendableData, match=r"data\['k'\]\[1\]\[0\] cannot be sent.*NoneType"):
        through(Settings({"k": [[1.0], [None]]}))  # type: ignore[list-item]
    with pytest.raises(UnsendableData, match=r"data\['k'\]\[0\]\[0\] cannot be sent.*list"):
        through(Settings({"k": [[[1.0]]]}))  # type: ignore[list-item]


@BOTH
def test_recursive_data_are_rejected(through):
    data: list[object] = []
    data.append(data)
    with pytest.raises(UnsendableData, match="nested"):
        through(data)


@BOTH
def test_unknown_extension_type_round_trips(through):
    assert through(msgpack.ExtType(99, b"x")) == msgpack.ExtType(99, b"x")


EVERYTHING = {
    "arrays": [np.arange(6.0).reshape(2, 3), Grid(np.arange(3, dtype=np.int32), ["x"])],
    "others": [Settings({"a.b": [1.0]}), Milestone((1, 2)), b"x", None, "y"],
}
CONJOIN_ONLY = {"scalars": [np.int64(3), 1j], "structured": np.zeros(2, "i4,f8")}
OWN_BYTES = encode_own({**EVERYTHING, **CONJOIN_ONLY}, OwnPayloads())
MUSCLE3_BYTES = Muscle3Payloads.encode(EVERYTHING)
ENCODED = pytest.mark.parametrize(
    ("encoded", "hook"),
    [(OWN_BYTES, OwnPayloads().ext_hook), (MUSCLE3_BYTES, Muscle3Payloads.ext_hook)],
    ids=["ours", "MUSCLE3's"],
)


@ENCODED
def test_truncated_data_are_rejected(encoded: bytes, hook):
    for length in range(len(encoded)):
        with pytest.raises(RemoteProtocolError):
            unpack(encoded[:length], hook)


@ENCODED
def test_trailing_data_are_rejected(encoded: bytes, hook):
    unpack(encoded, hook)
    with pytest.raises(RemoteProtocolError):
        unpack(encoded + b"\0", hook)


@ENCODED
@given(st.data())
def test_corrupted_data_raise_only_protocol_errors(encoded: bytes, hook, data: st.DataObject):
    changed = bytearray(encoded)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RemoteProtocolError):
        unpack(bytes(changed), hook)


@pytest.mark.parametrize("value", [np.arange(5, dtype="i4"), np.float32(1.5), np.zeros(2, "i4,f8")])
def test_truncated_array_or_trailing_bytes_are_rejected(value: object):
    whole = msgpack.unpackb(encode_own(value, OwnPayloads())).data
    OwnPayloads().ext_hook(ARRAY, whole)
    for changed in (*(whole[:length] for length in range(len(whole))), whole + b"\0"):
        with pytest.raises(RemoteProtocolError):
            OwnPayloads().ext_hook(ARRAY, changed)


def test_truncated_large_array_or_trailing_bytes_are_rejected():
    payloads = OwnPayloads()
    header = msgpack.unpackb(encode_own(LARGE, payloads)).data
    raw = bytes(payloads.buffers[0])
    OwnPayloads([memoryview(raw)]).ext_hook(ARRAY, header)
    for changed in (b"", raw[:-8], raw[:-1], raw + b"\0", raw + bytes(8)):
        with pytest.raises(RemoteProtocolError):
            OwnPayloads([memoryview(changed)]).ext_hook(ARRAY, header)
    with pytest.raises(RemoteProtocolError):
        OwnPayloads([]).ext_hook(ARRAY, header)


GOOD_HEADER = {
    "dtype": "<f8",
    "shape": [2],
    "order": "C",
    "where": INLINE,
    "is_scalar": False,
    "indexes": None,
}


DESCRIPTION = {
    "names": ["a", "b"],
    "formats": ["<f4", "<i4"],
    "offsets": [0, 4],
    "titles": [None, None],
    "itemsize": 8,
    "aligned": False,
    "record": False,
}


def own_array(header: object, raw: bytes = bytes(16)) -> object:
    packed = pack(header)
    return OwnPayloads().ext_hook(ARRAY, HEADER_LENGTH.pack(len(packed)) + packed + raw)


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "|O"},
        {"dtype": "no dtype"},
        {"dtype": "<f8,<f8"},
        {"dtype": "<f8,08"},
        {"dtype": "(2,)<f8"},
        {"dtype": 5},
        {"dtype": None},
        {"dtype": "|S0", "shape": [2**50]},
        {"dtype": ["|O", [2]]},
        {"dtype": ["<f8", 2]},
        {"dtype": ["<f8", ["x"]]},
        {"dtype": ["<f8", [-1]]},
        {"dtype": [["a"]]},
        {"dtype": []},
        {"dtype": {}},
        {"dtype": {"formats": ["<f8"], "record": False}},
        *(
            {"dtype": {**DESCRIPTION, **part}}
            for part in [
                {"names": ["a", "a"]},
                {"names": [1, 2]},
                {"names": None},
                {"names": ["a", "b", "c"]},
                {"formats": ["<f4", "|O"]},
                {"formats": ["<f4", "<f8,08"]},
                {"formats": ["<f4", None]},
                {"formats": 5},
                {"offsets": [0, -1]},
                {"offsets": [0, 5]},
                {"offsets": ["x", "y"]},
                {"offsets": {"a": 0, "b": 4}},
                {"offsets": [0, 2**63]},
                {"titles": ["a", "b"]},
                {"titles": 5},
                {"itemsize": 7},
                {"itemsize": 2**62},
                {"itemsize": None},
                {"aligned": "x", "offsets": [0, 3]},
                {"record": 5},
            ]
        ),
        {"shape": [3]},
        {"shape": [-1]},
        {"shape": [-2, -1]},
        {"shape": ["2"]},
        {"shape": [2**63, 0]},
        {"shape": None},
        {"where": 0},
        {"where": -2},
        {"where": "x"},
        {"where": None},
        {"indexes": ["x", "y"]},
        {"indexes": 5},
    ],
)
def test_invalid_array_is_rejected(change: dict[str, object]):
    assert own_array(list(GOOD_HEADER.values())) == Grid(np.zeros(2))
    structured = own_array(list({**GOOD_HEADER, "dtype": DESCRIPTION}.values()))
    assert structured == Grid(np.zeros(2, "<f4,<i4").astype([("a", "<f4"), ("b", "<i4")]))
    with pytest.raises(RemoteProtocolError):
        own_array(list({**GOOD_HEADER, **change}.values()))


@pytest.mark.parametrize("header", [None, 5, [], {}, ["<f8"], [*GOOD_HEADER.values(), 1]])
def test_array_with_an_invalid_header_is_rejected(header: object):
    with pytest.raises(RemoteProtocolError):
        own_array(header)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "object"},
        {"type": "complex128"},
        {"type": ["float64"]},
        {"type": {"names": ["a"], "formats": ["O"]}},
        {"shape": [4]},
        {"shape": [-3, -1]},
        {"shape": [2**64 - 1]},
        {"shape": [2**62, 2**62, 0]},
        {"shape": "3"},
        {"shape": None},
        {"shape": [1] * 100},
        {"data": b"1234567"},
        {"data": "text"},
        {"data": None},
        {"indexes": ["x", "y"]},
        {"indexes": 5},
    ],
)
def test_invalid_grid_is_rejected(change: dict[str, object]):
    grid = {"type": "float64", "shape": [3], "order": "la", "data": bytes(24), "indexes": ["x"]}
    assert Muscle3Payloads.ext_hook(5, pack(grid)) == Grid(np.zeros(3), ["x"])
    with pytest.raises(RemoteProtocolError):
        Muscle3Payloads.ext_hook(5, pack({**grid, **change}))


@pytest.mark.parametrize("hook", [OwnPayloads().ext_hook, Muscle3Payloads.ext_hook])
@pytest.mark.parametrize(
    ("code", "data"),
    [(0, pack("no list")), (0, pack([1.5])), (1, pack([])), (1, pack({"3": 4})), (1, b"")],
)
def test_invalid_extension_is_rejected(hook, code: int, data: bytes):
    with pytest.raises(RemoteProtocolError):
        hook(code, data)


@pytest.mark.parametrize("values", [[], {}])
def test_grid_with_a_missing_part_is_rejected(values: object):
    with pytest.raises(RemoteProtocolError):
        Muscle3Payloads.ext_hook(5, pack(values))


@pytest.mark.parametrize("parts", [5, None, [], [1], [1, 2, 3], ["a", "b"]])
def test_complex_number_without_two_parts_is_rejected(parts: object):
    with pytest.raises(RemoteProtocolError):
        OwnPayloads().ext_hook(COMPLEX, pack(parts))
