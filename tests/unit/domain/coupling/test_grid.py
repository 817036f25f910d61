"""Arrays with named axes."""

import doctest

import numpy as np
import pytest

from domain.coupling import grid
from domain.coupling.grid import Grid


def test_nested_lists_are_converted_to_an_array():
    grid = Grid([[1, 2], [3, 4]], ["x", "y"])
    assert grid.array.shape == (2, 2)
    assert grid.indexes == ["x", "y"]


@pytest.mark.parametrize("indexes", [None, [], ()])
def test_empty_index_names_are_none(indexes):
    assert Grid(np.zeros(3), indexes).indexes is None


@pytest.mark.parametrize("indexes", [["x"], ["x", "y", "z"]])
def test_wrong_number_of_index_names_is_rejected(indexes):
    with pytest.raises(ValueError, match=r"one index name for each axis.*shape \(2, 3\)"):
        Grid(np.zeros((2, 3)), indexes)


def test_grids_are_equal_if_names_and_values_are_equal():
    grid = Grid(np.arange(3), ["x"])
    assert grid == Grid(np.arange(3.0), ["x"])
    assert grid != Grid(np.arange(3), ["y"])
    assert grid != Grid(np.arange(3))
    assert grid != Grid(np.arange(4), ["x"])
    assert grid != [0, 1, 2]


def test_grid_is_unhashable():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Grid(np.zeros(1)))


def test_grid_repr_shows_values_and_names():
    assert repr(Grid(np.arange(2), ["x"])) == "Grid(array([0, 1]), ['x'])"


def test_masked_array_is_rejected():
    with pytest.raises(ValueError, match=r"lose its mask.*\.filled\(\)"):
        Grid(np.ma.array([1, 2], mask=[0, 1]))


def test_array_subclasses_are_converted_to_plain_arrays():
    records = np.rec.array([(1, 2.0)], [("a", "i4"), ("b", "f8")])
    assert type(Grid(records).array) is np.ndarray


def test_docstring_examples_are_true():
    assert doctest.testmod(grid) == (0, 3)
