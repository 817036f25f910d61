"""Shortens tracebacks so that they show the user's code, not Conjoin's."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from domain.errors import CouplingError, PeerFinished, ProtocolError

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
            if sys.excepthook is sys.__excepthook__:
                sys.excepthook = print_without_internals
            raise error.with_traceback(None) from None  # the call above

    return call


def print_without_internals(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Print an error that ends the program, without the frame that `hide_internals` adds.

    An error that the model could have handled is reported to the manager now.
    """
    if isinstance(error, PeerFinished) and error.report is not None:
        error.report()
    _remove_own_frames(error, traceback)
    sys.__excepthook__(kind, error, error.__traceback__)


def _remove_own_frames(error: BaseException, traceback: TracebackType | None) -> None:
    seen: set[int] = set()
    pending: list[BaseException | None] = [error.with_traceback(traceback)]
    while pending:
        item = pending.pop()
        if item is not None and id(item) not in seen:
            seen.add(id(item))
            item.__traceback__ = _without_own_frames(item.__traceback__)
            pending += [item.__cause__, item.__context__]


def _without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename != __file__:
            kept.append(traceback)
        traceback = traceback.tb_next
    result: TracebackType | None = None
    for item in reversed(kept):
        result = TracebackType(result, item.tb_frame, item.tb_lasti, item.tb_lineno)
    return result
