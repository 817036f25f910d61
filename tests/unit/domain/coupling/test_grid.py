"""Arrays with named axes."""

import copy
import doctest
import pickle

import numpy as np
import pytest

from domain.coupling import grid
from domain.coupling.grid import Grid


def through_pickle(grid):
    return pickle.loads(pickle.dumps(grid))


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
    assert doctest.testmod(grid) == (0, 4)


def test_numpy_converts_a_grid_to_its_array_without_a_copy():
    grid = Grid(np.arange(6.0).reshape(2, 3), ["x", "y"])
    assert np.asarray(grid) is grid.array
    assert np.sum(grid) == 15.0
    assert (np.ones(3) + grid).tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert np.stack([grid, grid]).shape == (2, 2, 3)


def test_numpy_copies_the_array_of_a_grid_on_request():
    grid = Grid(np.arange(3.0))
    copied = np.array(grid)
    copied[0] = 7.0
    assert grid.array.tolist() == [0.0, 1.0, 2.0]
    assert grid.__array__(copy=True) is not grid.array


def test_grid_conversion_to_another_dtype_copies_the_array():
    converted = np.asarray(Grid(np.arange(3)), dtype="float32")
    assert converted.dtype == np.float32
    assert converted.tolist() == [0.0, 1.0, 2.0]


def test_grid_conversion_without_a_copy_to_another_dtype_is_rejected():
    grid = Grid(np.arange(3.0))
    assert grid.__array__("float64", copy=False) is grid.array
    with pytest.raises(ValueError, match="float64: it cannot be converted to int8 without a copy"):
        grid.__array__("int8", copy=False)


def test_grid_has_the_shape_dtype_and_length_of_its_array():
    grid = Grid(np.zeros((2, 3), "float32"))
    assert (grid.shape, grid.dtype, grid.ndim, len(grid)) == ((2, 3), np.float32, 2, 2)


def test_grid_items_are_those_of_its_array():
    grid = Grid(np.arange(6).reshape(2, 3))
    assert grid[1, 2] == 5
    assert grid[:, 0].tolist() == [0, 3]
    assert [row.tolist() for row in grid] == [[0, 1, 2], [3, 4, 5]]


def test_grid_without_axes_has_no_length_as_its_array():
    with pytest.raises(TypeError, match="unsized"):
        len(Grid(np.array(1.0)))


@pytest.mark.parametrize("array", [np.zeros(0), np.zeros(1), np.zeros(2), np.array(0.0)])
def test_grid_is_always_true(array):
    assert bool(Grid(array))


def test_grid_of_a_grid_has_the_same_array():
    grid = Grid(np.arange(3))
    assert Grid(grid, ["x"]).array is grid.array


def test_grid_compares_with_an_array_by_elements():
    assert (Grid(np.arange(3)) == np.array([0, 5, 2])).tolist() == [True, False, True]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, through_pickle])
def test_grid_can_be_copied_and_pickled(duplicate):
    grid = Grid(np.arange(4.0).reshape(2, 2), ["x", "y"])
    assert duplicate(grid) == grid
