"""Arrays with named axes.

numpy is imported lazily: importing it takes longer than all other imports together, and not every
program uses arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike


class Grid:
    """An array, optionally with a name for each of its axes.

    numpy's functions accept it like its array: it has the shape, length and items of that. It is
    always true, whatever it contains.

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
        >>> np.asarray(grid) is grid.array
        True
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

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    def __len__(self) -> int:
        return len(self.array)

    def __bool__(self) -> bool:
        # as in MUSCLE3: `if message.data:` must not depend on the length of the array
        return True

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - as for arrays
        return self.array[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.array)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        """Return the array; numpy calls this to convert the Grid.

        Args:
            dtype: The type that the values must have; None for their own.
            copy: Whether to copy the array; None to copy it only if its type must change.

        Raises:
            ValueError: If it must not be copied, but its type must change.
        """
        import numpy as np

        if copy:
            return np.array(self.array, dtype)
        if copy is False and dtype is not None and np.dtype(dtype) != self.array.dtype:
            msg = (
                f"The array of this Grid has values of type {self.array.dtype}: it cannot be"
                f" converted to {np.dtype(dtype)} without a copy."
            )
            raise ValueError(msg)
        return np.asarray(self.array, dtype)

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
