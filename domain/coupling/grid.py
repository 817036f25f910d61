"""Arrays with named axes.

numpy is imported lazily: importing it takes longer than all other imports together, and not every
program uses arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Grid:
    """An array, optionally with a name for each of its axes.

    Args:
        array: Values on the grid; any shape and dtype.
        indexes: A name for each axis, in order; None or empty for an array without names.

    Raises:
        ValueError: If the number of names is not the number of axes, or the array is masked.

    Example:
        >>> import numpy as np
        >>> grid = Grid(np.zeros((10, 20)), ["x", "y"])
        >>> grid.array.shape, grid.indexes
        ((10, 20), ['x', 'y'])
    """

    __slots__ = ("array", "indexes")

    def __init__(self, array: np.ndarray, indexes: Sequence[str] | None = None) -> None:
        self.array = plain_array(array)
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
        import numpy as np

        return self.indexes == other.indexes and np.array_equal(self.array, other.array)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Grid({self.array!r}, {self.indexes!r})"


def plain_array(array: object) -> np.ndarray:
    """Convert an array-like object to a plain array.

    Raises:
        ValueError: If it is a masked array, since the mask would be lost.
    """
    if type(array) is _plain_type():
        return array
    import numpy as np

    # check the type first: accessing numpy.ma imports it
    if isinstance(array, np.ndarray) and isinstance(array, np.ma.MaskedArray):
        msg = (
            "a masked array would lose its mask; use its .filled(), or its .data and .mask as two"
            " arrays"
        )
        raise ValueError(msg)
    return np.asarray(array)


@cache
def _plain_type() -> type[np.ndarray]:
    # cached: even an import of a loaded module is too slow to repeat for each array
    import numpy as np

    return np.ndarray
