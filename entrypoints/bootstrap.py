"""Entry point of the command `conjoin`, which runs before slow imports.

Until `stop_signals.py` handles signals there is nothing to clean up, so Ctrl-C may end the process
at once. By default, Python would raise KeyboardInterrupt in the middle of an import, and print a
traceback.
"""

import signal
from typing import NoReturn


def let_ctrl_c_end_us() -> None:
    """Make SIGINT end this process at once, without a traceback, unless it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def conjoin() -> NoReturn:
    """Run `conjoin`."""
    let_ctrl_c_end_us()
    from entrypoints.command_line import main

    main()
