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
"""Modules whose frames are removed from tracebacks, since every call goes through them."""


class FunctionCall(NamedTuple):
    """What a process needs to know to run a function.

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
    _print_to(call.output)
    os.chdir(call.working_directory)
    log_file = _new_log_file(call.working_directory)
    # models that read the command line find only the library's arguments there
    sys.argv[1:] = [f"--muscle-log-file={log_file}"]
    try:
        function = cast("Callable[[], object]", pickle.loads(call.function))
        function()
    except Exception as error:  # noqa: BLE001 - whatever it is, the user is to see it
        _tell(error, log_file)
        sys.exit(FAILED)


def _print_to(pipe: str) -> None:
    # by lines, so that those of several instances do not get mixed; before there is a pipe, since
    # Python wants to know where in the file it is when it changes the encoding
    sys.stdout.reconfigure(  # type: ignore[union-attr]
        encoding="utf-8", errors="backslashreplace", line_buffering=True
    )
    descriptor = os.open(pipe, os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())
    os.close(descriptor)


def _new_log_file(directory: str) -> str:
    path = os.path.join(directory, f"muscle3.{os.environ['MUSCLE_INSTANCE']}.log")  # noqa: PTH118
    # the library creates it on its first line; truncate a file that an earlier run left
    with open(path, "w", encoding="utf-8"):
        return path


def _tell(error: BaseException, log_file: str) -> None:
    """Print where the user's code failed, without the frames of Conjoin that called it."""
    told = traceback.TracebackException.from_exception(error)
    _leave_ours_out(told)
    lines = list(told.format())
    with open(log_file, "a", encoding="utf-8", errors="backslashreplace") as log:
        log.writelines(lines)
    sys.stderr.write("".join(lines))


def _leave_ours_out(told: traceback.TracebackException) -> None:
    theirs = [frame for frame in told.stack if frame.filename not in OURS]
    if theirs:
        told.stack[:] = theirs
    for before in (told.__cause__, told.__context__):
        if before is not None:
            _leave_ours_out(before)
