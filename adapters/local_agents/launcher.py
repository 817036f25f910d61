"""Runs the only agent on this machine, as a child process of the manager."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, final

from typing_extensions import override

from adapters.local_agents.orphans import kill_processes_of_run
from adapters.wire.agent_orders import encode_orders
from application.interfaces.agents import AgentLauncher
from domain.errors import TransportError
from domain.running.agents import AgentOrders
from domain.running.launcher_capabilities import THIS_MACHINE, LauncherCapabilities
from domain.running.process_end import SUCCESS, ProcessEnd, from_return_code

AGENT_MODULE: Final = "entrypoints.agent"
END_MARGIN: Final = 20.0
"""Seconds that an agent gets to end, on top of the time that it gives its processes."""

LAUNCHER_VARIABLE: Final = "CONJOIN_LAUNCHER_PID"
"""Environment variable by which the agent's watchdog learns which process to watch."""

PAUSE: Final = 0.01

MAX_OUTPUT: Final = 4000
ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class _Agent:
    process: subprocess.Popen[bytes]
    outputs: tuple[IO[bytes], IO[bytes]]


@final
class LocalAgentLauncher(AgentLauncher):
    """Starts an agent in a new session, and passes its orders on its standard input.

    The agent's standard input is a pipe that stays open as long as this process lives. If this
    process dies, even by SIGKILL, the pipe closes, and the agent ends its processes and itself.

    Args:
        node: Name that the agent reports; the host name by default.
        python: Interpreter to run it with.
        capabilities: What the agent can do; the default suits a machine that other programs
            use too.
    """

    def __init__(
        self,
        *,
        node: str | None = None,
        python: str = sys.executable,
        capabilities: LauncherCapabilities = THIS_MACHINE,
    ) -> None:
        self._capabilities = capabilities
        self._node = node or socket.gethostname()
        self._python = python
        self._agent: _Agent | None = None
        self._watcher: threading.Thread | None = None
        self._is_closing = threading.Event()
        self._end_time = END_MARGIN
        self._files = contextlib.ExitStack()

    @property
    @override
    def capabilities(self) -> LauncherCapabilities:
        return self._capabilities

    def start_early(self, log_directory: Path | None) -> None:
        """Start the agent before its orders are known, so that it starts while the manager does.

        If that fails, `launch` tries again.

        Args:
            log_directory: Directory for the agent's output, as in the orders.
        """
        with contextlib.suppress(OSError, TransportError):
            self._agent = self._spawn(log_directory)

    @override
    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        # an agent that is hung, and what it leaves then, have their grace time one after the other
        self._end_time = 2 * orders.grace_time + END_MARGIN
        started = self._agent or self._spawn(orders.log_directory)
        self._agent = started
        self._send(orders)

        def watch(agent: subprocess.Popen[bytes]) -> None:
            end = from_return_code(agent.wait())
            # an agent exits with 0 only if the manager ended it
            if end == SUCCESS:
                return
            if not _has_group(agent.pid):
                kill_processes_of_run(orders.secret)
            if not self._is_closing.is_set():
                on_lost(self._node, _describe(agent, end, started.outputs))
            # only the watchdog was killed: the agent is ending its processes
            _wait_for_group(agent.pid, self._end_time)
            kill_processes_of_run(orders.secret)

        self._watcher = threading.Thread(
            target=watch, args=(started.process,), name="conjoin-agent-watch", daemon=True
        )
        self._watcher.start()
        return [self._node]

    @override
    def give_up(self, node: str) -> None:
        """Do nothing: the agent is on this machine, where `close` can end it."""

    def close(self) -> None:
        self._is_closing.set()
        agent, self._agent = self._agent, None
        if agent is not None:
            _close_pipe(agent.process)
            self._end(agent.process)
        self._files.close()

    def _end(self, agent: subprocess.Popen[bytes]) -> None:
        if self._watcher is None:  # it has received no orders, so it ends at once
            with contextlib.suppress(subprocess.TimeoutExpired):
                agent.wait(END_MARGIN)
                return
            _kill_group(agent.pid)
            agent.wait()
            return
        self._watcher.join(self._end_time)
        if self._watcher.is_alive():
            _kill_group(agent.pid)
            self._watcher.join()

    def _open_output(self, directory: Path | None, name: str) -> IO[bytes]:
        if directory is None:
            return self._files.enter_context(tempfile.TemporaryFile())
        return self._files.enter_context(open(directory / name, "w+b"))

    def _spawn(self, log_directory: Path | None) -> _Agent:
        output = self._open_output(log_directory, "agent_launch.out")
        errors = self._open_output(log_directory, "agent_launch.err")
        try:
            process = subprocess.Popen(
                [self._python, "-m", AGENT_MODULE],
                # from here, Python finds our packages first, not a module in the user's directory
                cwd=ROOT,
                env={**os.environ, LAUNCHER_VARIABLE: str(os.getpid())},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            self._files.close()
            msg = (
                f"the agent on node '{self._node}' could not be started with"
                f" '{self._python} -m {AGENT_MODULE}': {error}"
            )
            raise TransportError(msg) from error
        return _Agent(process, (output, errors))

    def _send(self, orders: AgentOrders) -> None:
        assert self._agent is not None
        stdin = self._agent.process.stdin
        assert stdin is not None
        # if it has already died, the watcher reports its output
        with contextlib.suppress(BrokenPipeError):
            ours = replace(orders, node=self._node, manager_process=os.getpid())
            stdin.write(encode_orders(ours))
            stdin.flush()


def _has_group(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # raised by macOS if the group contains only zombies
    return True


def _wait_for_group(group: int, seconds: float) -> None:
    """Wait until a process group has ended, and kill it if that takes longer than a time."""
    deadline = time.monotonic() + seconds
    while _has_group(group):
        if time.monotonic() >= deadline:
            _kill_group(group)
            return
        time.sleep(PAUSE)  # its processes are not our children, so their end has to be polled


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _close_pipe(agent: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        assert agent.stdin is not None
        agent.stdin.close()


def _describe(agent: subprocess.Popen[bytes], end: ProcessEnd, files: Sequence[IO[bytes]]) -> str:
    command = " ".join(map(str, agent.args)) if isinstance(agent.args, list) else str(agent.args)
    printed = "\n".join(filter(None, map(_tail, files))) or "nothing"
    return f"its agent ({command}) {end}; it printed: {printed}"


def _tail(file: IO[bytes]) -> str:
    with contextlib.suppress(ValueError):  # the file has been closed meanwhile
        size = file.seek(0, 2)
        file.seek(max(0, size - MAX_OUTPUT))
        return file.read().decode(errors="replace").strip()
    return ""
