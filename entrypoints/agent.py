"""The node agent: `python -m entrypoints.agent`, with its orders on its standard input.

Only launchers start it. It is the first program to start in a run, so it imports little.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and len(sys.argv) == 1:
    from adapters.processes.watchdog import go_below_watchdog, watch_parent_instead_of_input
    from adapters.wire.orders_in_environment import has_orders
    from entrypoints._garbage import collect_rarely

    if has_orders(os.environ):
        watch_parent_instead_of_input()
    _lifeline = go_below_watchdog()  # before slow imports, so that the watchdog stays small
    collect_rarely()
else:
    _lifeline = None

import queue
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from adapters.filesystem.logbook import FilesystemLogbook
from adapters.processes.activity_meter import ProcfsActivityMeter
from adapters.processes.delivered_files import read_output
from adapters.processes.descendants import Descendants
from adapters.processes.manager_process import LinuxManagerProcess
from adapters.processes.node_inspector import LinuxNodeInspector
from adapters.processes.own_node import own_node, program_environment
from adapters.processes.process_keeper import PosixProcessKeeper
from adapters.processes.watchdog import Lifeline, wait_for_launcher
from adapters.system.clock import SystemClock
from adapters.tcp.agent_line import TcpAgentLine
from adapters.threads.late_logbook import LateLogbook
from adapters.threads.queued_logbook import QueuedLogbook
from adapters.wire.agent_orders import CONFIRMATION, decode_orders
from adapters.wire.orders_in_environment import take_orders
from application.agent.activity_reports import report_activities
from application.agent.event_sources import listen_to_manager, watch_processes
from application.agent.events import AgentEvent, ManagerGone
from application.agent.node_agent import KILL_MARGIN, NodeAgent
from application.agent.output_relay import OutputRelay
from domain.coupling.messages import LogRecord
from domain.errors import ConfigurationError, RemoteProtocolError
from domain.running.agents import AgentOrders
from domain.running.log_levels import LogLevel
from domain.version import VERSION

STDIN: Final = 0
PURPOSE: Final = (
    "The agent starts programs on a node. The manager starts it, and sends its orders on standard"
    " input: do not start it by hand. It has no options."
)
REPORT_TIME: Final = 5.0
"""Seconds for which the agent tries to send its last results to the manager."""

WRITER: Final = "muscle_agent"
MAX_LOG: Final = 2**20
"""Maximum size of the log that waits for the disk, in characters."""

LOG_TIME: Final = 1.0
"""Seconds for which to wait for the disk before ending without the rest of the log."""

OnEvent = Callable[[AgentEvent], None]


def main(lifeline: Lifeline | None = None) -> int:
    """Run an agent until its manager ends it or is lost.

    Args:
        lifeline: The connection with its watchdog; None if it has none.

    Returns:
        0 if the manager ended it, 2 if there are arguments, else 1.
    """
    if len(sys.argv) > 1:
        return _explain()
    try:
        orders = decode_orders(take_orders(os.environ) or _read_line())
    except RemoteProtocolError as error:
        print(f"Invalid orders on standard input: {error}. {PURPOSE}", file=sys.stderr)  # noqa: T201
        return 1
    os.environ.update(orders.environment)
    try:
        inspector = _inspector(orders)
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    if (orders.confirms or orders.job is not None) and not _has_run_directory(orders):
        return 1
    if orders.confirms:
        print(CONFIRMATION, flush=True)  # noqa: T201
    log = _AgentLog(orders.log_directory, inspector.node)
    try:
        failure = _run(orders, inspector, log.write, lifeline)
    finally:
        log.close()
    if failure is None:
        return 0
    print(f"agent on node '{inspector.node}': {failure}", file=sys.stderr)  # noqa: T201
    return 1


def _inspector(orders: AgentOrders) -> LinuxNodeInspector:
    """Return what inspects the node; in a batch job, change to the environment for programs.

    Raises:
        ConfigurationError: If it is unknown which node of a batch job this is.
    """
    if orders.job is None:
        return LinuxNodeInspector(node=orders.node)
    started_with = dict(os.environ)
    node = own_node(orders.job, environment=started_with, host_names=_host_names)
    os.environ.clear()
    os.environ.update(program_environment(orders.job, environment=started_with))
    return LinuxNodeInspector(node=node.name, max_cores=node.cpus)


def _host_names() -> tuple[str, ...]:
    return (socket.gethostname(), socket.getfqdn())


def _has_run_directory(orders: AgentOrders) -> bool:
    """Check that the directories of the run exist here; print an error if not."""
    directory = orders.log_directory
    if directory is not None and not directory.is_dir():
        print(  # noqa: T201
            f"The run directory {directory} of the manager does not exist on this machine.",
            file=sys.stderr,
        )
        return False
    return True


def _explain() -> int:
    """Explain the agent's purpose to a user who started it by hand; return the exit code."""
    asked = sys.argv[1:] in (["-h"], ["--help"])
    text = f"usage: python -m entrypoints.agent\n\n{PURPOSE}"
    print(text, file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


class _AgentLog:
    """The agent's log file, which a thread opens and writes: a slow disk must not stop the agent.

    Args:
        directory: The directory for the file; None for no file.
        node: Name of the node.
    """

    def __init__(self, directory: Path | None, node: str) -> None:
        self._book: QueuedLogbook | None = None
        if directory is not None:
            path = directory / f"muscle3_agent_{node}.log"
            # the node may lack the manager's files; the agent also works without a log
            book = LateLogbook(lambda: FilesystemLogbook(path))
            self._book = QueuedLogbook(
                book, writer=WRITER, max_pending=MAX_LOG, flush_time=LOG_TIME
            )
        self.write(f"agent {VERSION} started, with process id {os.getpid()}")

    def write(self, text: str) -> None:
        """Add a line, unless too many wait for the disk."""
        if self._book is not None:
            self._book.write(LogRecord(WRITER, time.time(), LogLevel.INFO, text))

    def close(self) -> None:
        """Write the remaining lines, if the disk responds in time, and close the file."""
        self.write("agent ended")
        if self._book is not None:
            self._book.close()


def _run(
    orders: AgentOrders,
    inspector: LinuxNodeInspector,
    log: Callable[[str], None],
    lifeline: Lifeline | None,
) -> str | None:
    """Run an agent; return why it ended, or None if the manager ended it."""
    inbox: queue.SimpleQueue[AgentEvent] = queue.SimpleQueue()
    if lifeline is not None:
        patience = orders.grace_time + KILL_MARGIN + REPORT_TIME + LOG_TIME + 1.0
        lifeline.announce(patience=patience, grace_time=orders.grace_time)
    keeper = PosixProcessKeeper(
        leftover_grace_time=orders.grace_time,
        end_with_us=True,
        descendants=None if lifeline is None else Descendants(lifeline.group),
    )
    line = TcpAgentLine(
        orders.manager_locations,
        secret=orders.secret,
        node=inspector.node,
        retry_time=orders.timeout,
        is_local=orders.manager_process is not None,
    )
    wake = threading.Event()
    output = OutputRelay(line, read=read_output, wake=wake.set)
    agent = NodeAgent(
        keeper=keeper,
        line=line,
        manager=LinuxManagerProcess(orders.manager_process),
        clock=SystemClock(),
        timeout=orders.timeout,
        grace_time=orders.grace_time,
        log=log,
        output=output,
    )
    _end_on_signals(inbox.put, lifeline)
    # this also makes sure that it is not ignored: otherwise the kernel would reap processes
    signal.signal(signal.SIGCHLD, lambda *_: keeper.note_child_ended())
    # daemon threads, because both may still be blocked when the agent ends
    _start_thread(
        "listener",
        lambda: listen_to_manager(
            line, inspector, cores=orders.cores, version=VERSION, on_event=inbox.put
        ),
    )
    _start_thread("stdin", lambda: _watch_launcher(inbox.put, lifeline))
    is_over = threading.Event()
    _start_thread(
        "activity",
        lambda: report_activities(keeper, ProcfsActivityMeter(), line, is_over=is_over.wait),
    )

    def wait(seconds: float | None) -> bool:
        wake.wait(seconds)
        wake.clear()
        return is_over.is_set()

    relay = _start_thread("output", lambda: output.run(wait))
    watcher = _start_thread("watcher", lambda: watch_processes(keeper, on_event=inbox.put))
    try:
        _work(agent, inbox)
    finally:
        is_over.set()
        keeper.wake_up()
        watcher.join()
        keeper.close(grace_time=orders.grace_time)
        patience = REPORT_TIME if agent.failure is None else 1.0
        wake.set()
        relay.join(patience)
        line.close(timeout=patience)
    return agent.failure


def _work(agent: NodeAgent, inbox: queue.SimpleQueue[AgentEvent]) -> None:
    while not agent.ended:
        try:
            agent.handle(inbox.get(timeout=agent.seconds_left))
        except queue.Empty:
            agent.tick()


def _start_thread(name: str, run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run, name=f"conjoin-agent-{name}", daemon=True)
    thread.start()
    return thread


def _end_on_signals(on_event: OnEvent, lifeline: Lifeline | None) -> None:
    def end(number: int, _frame: object) -> None:
        is_watched = lifeline is None or lifeline.is_watched
        reason = f"received signal {number}" if is_watched else "its watchdog was killed"
        on_event(ManagerGone(reason))

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


def _read_line() -> bytes:
    # unbuffered: a waiting thread would hold the lock of Python's buffer when the agent ends
    line = bytearray()
    while not line.endswith(b"\n"):
        data = os.read(STDIN, 65536)
        if not data:
            break
        line += data
    return bytes(line)


def _watch_launcher(on_event: OnEvent, lifeline: Lifeline | None) -> None:
    """Wait until the program that started the agent closes its standard input, or dies."""
    if lifeline is None:
        wait_for_launcher()
    else:
        lifeline.wait_for_launcher()
    on_event(ManagerGone("the process that started this agent has ended"))


if __name__ == "__main__":
    sys.exit(main(_lifeline))
