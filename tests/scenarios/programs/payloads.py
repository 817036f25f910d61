"""Data of every type that a message can contain, by name."""

import math

import numpy as np
from coupling_library import Grid, Settings

LARGE = frozenset({"large", "long"})
_ELEMENTS = (np.int32, np.int64, np.float32, np.float64, np.bool_)


def payloads() -> dict[str, object]:
    """Return all payloads, in the order in which they are sent."""
    return {**_plain(), **_grids(), **_arrays(), **_nested()}


def _plain() -> dict[str, object]:
    return {
        "nil": None,
        "true": True,
        "integers": [0, -1, 127, 128, -33, 65536, 2**63 - 1, -(2**63), 2**64 - 1],
        "floats": [0.0, -0.0, 0.1, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308],
        "texts": ["", "a", "Æ€𝄞", "x" * 300],
        "bytes": [b"", b"\x00\x01\xff", bytes(range(256)) * 3],
        "list": [[], [1, [2, [3, []]]], (4, 5)],
        "map": {"a": {"b": {"c": None}}, "": 0},
        "long": list(range(70000)),
        "settings": Settings({"a": 1, "b.c": 2.5, "d[3].e": "f", "g": [1.0], "h": [[1.0, 2.0]]}),
        "settings_empty": Settings(),
    }


def _grids() -> dict[str, object]:
    found: dict[str, object] = {}
    for element in _ELEMENTS:
        name = np.dtype(element).name
        array = (np.arange(24) % 7).reshape(2, 3, 4).astype(element)
        found[f"{name}_la"] = Grid(array, ["x", "y", "z"])
        found[f"{name}_fa"] = Grid(np.asfortranarray(array), ["x", "y", "z"])
        found[f"{name}_plain"] = Grid(array[0])
    return found


def _arrays() -> dict[str, object]:
    base = np.arange(24.0).reshape(4, 6)
    return {
        "bare_1d": np.linspace(0.0, 1.0, 7),
        "bare_0d": np.array(2.5),
        "bare_fortran": np.asfortranarray(base),
        "empty": np.zeros((0, 3)),
        "empty_1d_grid": Grid(np.zeros(0), ["i"]),
        "one_row": Grid(base[:1], ["i", "j"]),
        "one_column": Grid(base[:, :1], ["i", "j"]),
        "strided": base[::2, 1::2],
        "reversed": base[::-1],
        "transposed": base.T,
        "broadcast": np.broadcast_to(np.array([1.0, 2.0, 3.0]), (2, 3)),
        "five_dimensions": np.arange(32, dtype=np.int32).reshape(2, 2, 2, 2, 2),
        "large": np.arange(300000, dtype=np.float64),
    }


def _nested() -> dict[str, object]:
    small = np.array([[1, 2], [3, 4]], dtype=np.int32)
    return {
        "grid_in_map": {"u": Grid(small, ["i", "j"]), "v": {"w": small * 2}, "t": 1.5},
        "grids_in_list": [small, Grid(small.astype(bool)), [small.astype(np.float32)]],
        "settings_in_map": {"settings": Settings({"k": 3}), "others": [Settings({"l": True})]},
    }
