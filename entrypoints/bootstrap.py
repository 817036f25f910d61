"""The first steps of Conjoin's commands, before slow imports.

Until `stop_signals.py` handles signals there is nothing to clean up, so they may end the process at
once. By default, Python would raise KeyboardInterrupt in the middle of an import and print a
traceback, and SIGTERM would end it without a message, and with an exit code that is not ours.
"""

import signal
from typing import NoReturn

from entrypoints._command_line.early_signals import end_at_once
from entrypoints._garbage import collect_rarely


def prepare_process() -> None:
    """Prepare this process for a command; call this before slow imports."""
    let_signals_end_us()
    collect_rarely()


def let_signals_end_us() -> None:
    """Make signals end this process at once, without a traceback, unless they are ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end_at_once)


def conjoin() -> NoReturn:
    """Run the command `conjoin`."""
    prepare_process()
    from entrypoints.command_line import main

    main()
