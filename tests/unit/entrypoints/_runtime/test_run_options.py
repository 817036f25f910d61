"""Options of a run of the task runtime."""

import os

import pytest

from entrypoints._runtime.run_options import RunOptions, run_options


def test_options_have_defaults():
    assert run_options() == RunOptions()
    assert run_options().total_workers == max(1, len(os.sched_getaffinity(0)))


def test_threads_share_the_cores_among_workers():
    assert run_options(num_threads=10_000).total_workers == 1


@pytest.mark.parametrize(
    ("synonym", "name"),
    [("workers", "num_workers"), ("threads", "num_threads"), ("nodes", "num_nodes")],
)
def test_synonym_is_the_same_option(synonym, name):
    assert getattr(run_options(**{synonym: 3}), name) == 3
    with pytest.raises(TypeError, match="same option"):
        run_options(**{synonym: 3, name: 3})


def test_unknown_option_is_rejected():
    with pytest.raises(TypeError, match="'colour' does not exist"):
        run_options(colour="red")


@pytest.mark.parametrize("value", [0, -1, 1.5, "two"])
@pytest.mark.parametrize("name", ["num_workers", "num_threads", "num_nodes"])
def test_number_that_is_not_positive_is_rejected(name, value):
    with pytest.raises(ValueError, match=f"'{name}' is {value!r}"):
        run_options(**{name: value})
