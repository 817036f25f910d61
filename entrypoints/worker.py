"""A process of a task runtime: `python -m entrypoints.worker`, with orders on its standard input.

Only the engine `embedded` starts it. It never runs the user's script.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and len(sys.argv) == 1:
    from adapters.embedded.leftovers import remove_run_files
    from adapters.processes.watchdog import go_below_watchdog

    # before slow imports, so that the watchdog stays small; without the head, it waits 2 s
    go_below_watchdog(patience=2.0, grace_time=0.0, without_launcher=remove_run_files)

import asyncio
import faulthandler
import importlib
import re
import warnings
from io import TextIOWrapper
from typing import Final

from adapters.embedded.host_process import HostProcess
from adapters.segments.segment_pool import MemfdSegmentPool
from adapters.unix_sockets.host_transport import UnixHostTransport
from adapters.wire.host_orders import HostOrders, WarningFilter, decode_host_orders
from domain.errors import RemoteProtocolError

STDIN: Final = 0
PURPOSE: Final = (
    "A worker runs the tasks of a task runtime, which starts it, and sends its orders on standard"
    " input: do not start it by hand. It has no options."
)


def main() -> int:
    """Run a worker until the head stops it or is gone.

    Returns:
        0 if the head stopped it, 2 if there are arguments, else 1.
    """
    if len(sys.argv) > 1:
        return _explain()
    try:
        orders = decode_host_orders(_read_line())
    except RemoteProtocolError as error:
        print(f"Invalid orders on standard input: {error}. {PURPOSE}", file=sys.stderr)  # noqa: T201
        return 1
    _prepare(orders)
    process = HostProcess(
        orders,
        transport=UnixHostTransport(orders.directory),
        segments=MemfdSegmentPool(name=orders.host.uid, spill_directory=orders.spill_directory),
    )
    code = asyncio.run(process.run(_take_stdin()))
    sys.stdout.flush()
    sys.stderr.flush()
    # threads of tasks that go on must not keep the process alive
    os._exit(code)


def _explain() -> int:
    """Explain the purpose to a user who started it by hand; return the exit code."""
    asked = sys.argv[1:] in (["-h"], ["--help"])
    text = f"usage: python -m entrypoints.worker\n\n{PURPOSE}"
    print(text, file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def _prepare(orders: HostOrders) -> None:
    """Make this process similar to the head."""
    faulthandler.enable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    os.chdir(orders.working_directory)
    sys.path[:] = orders.import_path
    warnings.filters[:] = [_filter(item) for item in orders.warning_filters]  # type: ignore[index]


def _filter(item: WarningFilter) -> tuple[object, ...]:
    module, _, name = item.category.partition(":")
    try:
        category = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        category = Warning  # it is defined in the user's script
    message, origin = (
        None if pattern is None else re.compile(pattern, flags)
        for pattern, flags in ((item.message, re.IGNORECASE), (item.module, 0))
    )
    return item.action, message, category, origin, item.line


def _read_line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        data = os.read(STDIN, 65536)
        if not data:
            break
        line += data
    return bytes(line)


def _take_stdin() -> int:
    """Return a descriptor of the pipe from the head, and let tasks read from an empty file."""
    pipe = os.dup(STDIN)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, STDIN)
    os.close(empty)
    return pipe


if __name__ == "__main__":
    sys.exit(main())
