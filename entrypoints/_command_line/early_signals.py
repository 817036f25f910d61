"""Signals when there is nothing to clean up yet. Imported first, so it imports little itself."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

FAILED = 1

REASONS = {
    signal.SIGINT: "The run was stopped by Ctrl-C (SIGINT).",
    signal.SIGTERM: "The run was stopped by SIGTERM, which `kill` sends, and a batch system at the"
    " end of the allocated time.",
    signal.SIGHUP: "The run was stopped because its terminal was closed (SIGHUP).",
}


def end_at_once(number: int, _frame: FrameType | None = None) -> NoReturn:
    """End this process because of a signal, without cleaning up. A signal handler."""
    # not by print, which may have been interrupted by the signal
    os.write(sys.stderr.fileno(), f"{REASONS[signal.Signals(number)]}\n".encode())
    os._exit(FAILED)
