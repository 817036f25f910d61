"""Arrays with named axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Grid:
    """An array, optionally with a name for each of its axes.

    Args:
        array: Values on the grid; any shape and dtype.
        indexes: A name for each axis, in order; None or empty for an array without names.

    Raises:
        ValueError: If the number of names is not the number of axes.

    Example:
        >>> Grid(np.zeros((10, 20)), ["x", "y"])
    """

    __slots__ = ("array", "indexes")

    def __init__(self, array: np.ndarray, indexes: Sequence[str] | None = None) -> None:
        self.array = np.asarray(array)
        self.indexes: list[str] | None = list(indexes) if indexes else None
        if self.indexes is not None and len(self.indexes) != self.array.ndim:
            msg = (
                f"A Grid needs one index name for each axis of its array: got {self.indexes} for"
                f" an array of shape {self.array.shape}."
            )
            raise ValueError(msg)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grid):
            return NotImplemented
        return self.indexes == other.indexes and np.array_equal(self.array, other.array)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Grid({self.array!r}, {self.indexes!r})"
