"""Pickles functions with the code that other processes cannot import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import cloudpickle


def pickle_function(function: object, *, by_value: ModuleType | None = None) -> bytes:
    """Pickle a function. `pickle` can load it where cloudpickle is installed.

    Args:
        function: The function.
        by_value: A module whose definitions travel by value, as those of `__main__` do.

    Raises:
        Exception: Of any type, if it cannot be pickled.
    """
    with _registered(by_value):
        return cloudpickle.dumps(function)


@contextmanager
def _registered(module: ModuleType | None) -> Iterator[None]:
    if module is None:
        yield
        return
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)
