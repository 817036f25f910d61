"""Where the command `conjoin` begins: before that is imported which takes long.

Until signals stop a run in good order (`stop_signals.py`) there is nothing to put in order, so
Ctrl-C may end the process like any other program. Python would raise KeyboardInterrupt instead, in
the middle of some import, and show the way there.
"""

import signal
from typing import NoReturn


def let_ctrl_c_end_us() -> None:
    """Have SIGINT end this process at once, without a word, unless it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def conjoin() -> NoReturn:
    """Run `conjoin`."""
    let_ctrl_c_end_us()
    from entrypoints.command_line import main

    main()
