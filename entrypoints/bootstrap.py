"""Entry point of the command `conjoin`, which runs before slow imports.

Until `stop_signals.py` handles signals there is nothing to clean up, so they may end the process at
once. By default, Python would raise KeyboardInterrupt in the middle of an import and print a
traceback, and SIGTERM would end it without a message, and with an exit code that is not ours.
"""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

FAILED = 1

REASONS = {
    signal.SIGINT: "The run was stopped by Ctrl-C (SIGINT).",
    signal.SIGTERM: "The run was stopped by SIGTERM, which `kill` sends, and a batch system whose"
    " time is up.",
    signal.SIGHUP: "The run was stopped because its terminal was closed (SIGHUP).",
}


def let_signals_end_us() -> None:
    """Make signals end this process at once, without a traceback, unless they are ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end_at_once)


def end_at_once(number: int, _frame: FrameType | None = None) -> NoReturn:
    """End this process because of a signal, without cleaning up. A signal handler."""
    # not by print, which may have been interrupted by the signal
    os.write(sys.stderr.fileno(), f"{REASONS[signal.Signals(number)]}\n".encode())
    os._exit(FAILED)


def conjoin() -> NoReturn:
    """Run `conjoin`."""
    let_signals_end_us()
    from entrypoints.command_line import main

    main()
