"""Hypothesis strategies for what travels between instances."""

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from domain.coupling.grid import Grid
from domain.coupling.messages import Milestone, PeerMessage
from domain.coupling.settings import Settings

MUSCLE3_DTYPES = [np.dtype(name) for name in ("<i4", "<i8", "<f4", "<f8", "?")]
finite = st.floats(allow_nan=False)
names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
setting_values = (
    st.text(max_size=10)
    | st.integers(-(2**63), 2**63 - 1)
    | finite
    | st.booleans()
    | st.lists(finite, max_size=3)
    | st.lists(st.lists(finite, max_size=2), max_size=2)
)
overlays = st.dictionaries(names, setting_values, max_size=4).map(Settings)
iterations = st.lists(st.integers(0, 2**40), max_size=4).map(tuple)


def layouts(array: np.ndarray) -> st.SearchStrategy[np.ndarray]:
    """The same elements in different memory layouts."""
    ways = [array, np.asfortranarray(array), array.T]
    if array.ndim:
        ways += [array[::2], array[::-1], np.broadcast_to(array, (2, *array.shape))]
    return st.sampled_from(ways)


def arrays(dtypes: st.SearchStrategy[np.dtype]) -> st.SearchStrategy[np.ndarray]:
    shapes = nps.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    return nps.arrays(dtypes, shapes).flatmap(layouts)


def grids(dtypes: st.SearchStrategy[np.dtype]) -> st.SearchStrategy[Grid]:
    return arrays(dtypes).flatmap(
        lambda array: st.sampled_from([None, [f"axis{i}" for i in range(array.ndim)]]).map(
            lambda indexes: Grid(array, indexes)
        )
    )


def nested(leaves: st.SearchStrategy[object], keys: st.SearchStrategy[object]):
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=8,
    )


plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | finite
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
muscle3_data = nested(
    plain | overlays | iterations.map(Milestone) | grids(st.sampled_from(MUSCLE3_DTYPES)),
    st.text(max_size=5),
)
own_dtypes = (
    nps.scalar_dtypes()
    | nps.byte_string_dtypes(max_len=5)
    | nps.unicode_string_dtypes(max_len=5)
    | nps.array_dtypes(nps.scalar_dtypes(), max_size=3, allow_subarrays=True)
).filter(lambda dtype: dtype.itemsize > 0)
own_data = nested(
    plain
    | overlays
    | iterations.map(Milestone)
    | st.complex_numbers(allow_nan=False)
    | grids(own_dtypes),
    st.text(max_size=5) | st.integers(0, 9) | st.none() | finite | st.binary(max_size=3),
)


def messages(data: st.SearchStrategy[object]) -> st.SearchStrategy[PeerMessage]:
    return st.builds(
        PeerMessage,
        timestamp=finite,
        next_timestamp=st.none() | finite,
        data=data,
        overlay=overlays,
        port_length=st.none() | st.integers(0, 2**24),
        number=st.integers(-1, 2**40),
        iteration=iterations,
    )


def same(one: object, other: object) -> bool:
    """Return whether two values are equal bit for bit, including dtype and axis names."""
    if isinstance(one, Grid) and isinstance(other, Grid):
        return one.indexes == other.indexes and _same_array(one.array, other.array)
    if isinstance(one, (list, tuple)) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return type(one) is type(other) and one == other


def _same_array(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    # compare bytes, so that NaN equals NaN
    return np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()
