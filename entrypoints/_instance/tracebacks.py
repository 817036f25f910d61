"""Errors that show the user's own code, and not the way through ours."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from domain.errors import CouplingError, ProtocolError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def plainly(method: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Have a method raise errors whose traceback ends where it was called.

    Only those that are about what the user can mend; what looks like a mistake of ours keeps its
    traceback.
    """

    @functools.wraps(method)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return method(*args, **kwargs)
        except ProtocolError:
            raise
        except CouplingError as error:
            raise error.with_traceback(None) from None  # see above for where it was called

    return call
