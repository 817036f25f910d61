"""Runs one Python function as a component of a simulation, in a separate process.

`run_simulation` writes the programs that call this.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import NamedTuple, cast

from entrypoints._instance import tracebacks as plain_errors

FAILED = 1
OURS = (__file__, plain_errors.__file__)
"""Modules whose frames are removed from tracebacks, because every call goes through them."""


class FunctionCall(NamedTuple):
    """The information that a process needs to run a function.

    Attributes:
        function: The function, pickled.
        working_directory: The directory to run it in.
        output: A named pipe for its output.
    """

    function: bytes
    working_directory: str
    output: str


def run(call_file: str) -> None:
    """Run a function, and exit with a code that depends on its outcome.

    Args:
        call_file: File with a pickled FunctionCall.
    """
    with open(call_file, "rb") as file:
        call = FunctionCall(*pickle.load(file))
    _redirect_stdout(call.output)
    os.chdir(call.working_directory)
    log_file = _new_log_file(call.working_directory)
    # models that parse the command line must find only the library's arguments
    sys.argv[1:] = [f"--muscle-log-file={log_file}"]
    try:
        function = cast("Callable[[], object]", pickle.loads(call.function))
        function()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the user must see any error
        _print_traceback(error, log_file)
        sys.exit(FAILED)


def _redirect_stdout(pipe: str) -> None:
    # Buffer lines, so that those of several instances are not mixed. Do this before redirecting to
    # a pipe, because Python determines the position in the file when it changes the encoding.
    sys.stdout.reconfigure(  # type: ignore[union-attr]
        encoding="utf-8", errors="backslashreplace", line_buffering=True
    )
    descriptor = os.open(pipe, os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())
    os.close(descriptor)


def _new_log_file(directory: str) -> str:
    path = os.path.join(directory, f"muscle3.{os.environ['MUSCLE_INSTANCE']}.log")  # noqa: PTH118
    # the library appends to the file, so truncate one that an earlier run left
    with open(path, "w", encoding="utf-8"):
        return path


def _print_traceback(error: BaseException, log_file: str) -> None:
    """Print the traceback, without the frames of Conjoin that called the user's code."""
    report = traceback.TracebackException.from_exception(error)
    _remove_own_frames(report)
    lines = list(report.format())
    with open(log_file, "a", encoding="utf-8", errors="backslashreplace") as log:
        log.writelines(lines)
    sys.stderr.write("".join(lines))


def _remove_own_frames(report: traceback.TracebackException) -> None:
    theirs = [frame for frame in report.stack if frame.filename not in OURS]
    if theirs:
        report.stack[:] = theirs
    for before in (report.__cause__, report.__context__):
        if before is not None:
            _remove_own_frames(before)
