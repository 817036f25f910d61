"""The pickles of functions that are pickled once, and kept by the workers that run them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from types import FunctionType
from weakref import WeakKeyDictionary

from application.runtime.packing import Packing
from domain.runtime.stable_functions import StableForm, stable_form

MOST_BYTES = 16 * 1024
"""Longer pickles are not kept."""

MOST_KEPT = 256
"""How many functions a worker keeps: those that were used last."""


class FunctionCodes:
    """Pickles stable functions once, and loads them once.

    Args:
        packing: Pickles and unpickles.
    """

    def __init__(self, *, packing: Packing) -> None:
        self._packing = packing
        self._codes: WeakKeyDictionary[FunctionType, tuple[StableForm, bytes]] = WeakKeyDictionary()
        self._functions: OrderedDict[bytes, Callable[..., object]] = OrderedDict()

    def code_of(self, function: object) -> bytes:
        """Return the pickle of a stable function; nothing for any other object."""
        form = stable_form(function)
        if form is None:
            return b""
        assert isinstance(function, FunctionType)
        known = self._codes.get(function)
        if known is not None and known[0].is_same(form):
            return known[1]
        parcel = self._packing.pack(function, name=form.name)
        code = bytes(parcel.payload.data)
        if parcel.kept or parcel.payload.buffers or len(code) > MOST_BYTES:
            code = b""
        self._codes[function] = (form, code)
        return code

    def function_of(self, code: bytes) -> Callable[..., object]:
        """Return the function in a pickle. Thread-safe.

        Raises:
            Unloadable: It cannot be loaded here.
        """
        function = self._functions.get(code)
        if function is None:
            function = self._functions[code] = self._packing.load_function(code)
            if len(self._functions) > MOST_KEPT:
                self._functions.popitem(last=False)
        return function
