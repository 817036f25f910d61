"""Shortens tracebacks so that they show the user's code, not Conjoin's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from domain.errors import CouplingError, ProtocolError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def hide_internals(method: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate a method so that the tracebacks of its errors end at the user's call.

    This applies only to errors that the user can fix. An error that may be a bug in Conjoin keeps
    its full traceback.
    """

    @functools.wraps(method)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return method(*args, **kwargs)
        except ProtocolError:
            raise
        except CouplingError as error:
            raise error.with_traceback(None) from None  # the call above

    return call
