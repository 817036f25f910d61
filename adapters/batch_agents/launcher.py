"""Launches the agents of a batch job."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, final

from typing_extensions import override

from adapters.batch_agents.starters import GroupStarter
from adapters.wire.agent_orders import encode_orders
from application.interfaces.agents import AgentLauncher
from domain.errors import TransportError
from domain.placement.batch_jobs import JobNode
from domain.running.agents import AgentOrders, JobOrders
from domain.running.launcher_capabilities import LauncherCapabilities
from domain.running.process_end import SUCCESS, ProcessEnd, from_return_code

AGENT_MODULE: Final = "entrypoints.agent"
ROOT: Final = Path(__file__).resolve().parents[2]

CLOSE_MARGIN: Final = 10.0
"""Seconds that the agents get to end, on top of the time that they give their processes."""

KILL_TIME: Final = 5.0
"""Seconds between SIGTERM and SIGKILL for the command that has started the agents."""

MAX_LINES: Final = 50


@final
class BatchAgentLauncher(AgentLauncher):
    """Starts one agent on each node of a job, with one command for all nodes.

    The command passes its standard input on to the agents. It is a pipe that stays open as long as
    this process lives. If this process dies, even by SIGKILL, the pipe closes, and the agents end
    their processes and themselves.

    Args:
        nodes: The nodes of the job.
        starter: The kind of command that starts the agents.
        python: Interpreter to run the agents with; it must exist on all nodes.
        environment: The environment variables of the manager, which programs will get too.
    """

    def __init__(
        self,
        nodes: Sequence[JobNode],
        *,
        starter: GroupStarter,
        python: str = sys.executable,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._nodes = tuple(nodes)
        self._starter = starter
        self._python = python
        self._environment = dict(environment)
        self._group: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._is_closing = threading.Event()
        self._end_time = CLOSE_MARGIN
        self._printed: deque[str] = deque(maxlen=MAX_LINES)
        self._files = contextlib.ExitStack()

    @property
    @override
    def capabilities(self) -> LauncherCapabilities:
        return LauncherCapabilities()

    @override
    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        self._end_time = orders.grace_time + CLOSE_MARGIN
        errors = self._open_output(orders.log_directory, "agent_launch.err")
        group = self._spawn(self._open_output(orders.log_directory, "agent_launch.out"))
        self._group = group
        self._watcher = threading.Thread(
            target=lambda: self._watch(group, errors, on_lost),
            name="conjoin-agent-watch",
            daemon=True,
        )
        self._watcher.start()
        self._send(group, orders)
        return [node.name for node in self._nodes]

    @override
    def close(self) -> None:
        self._is_closing.set()
        group, self._group = self._group, None
        if group is not None and self._watcher is not None:
            _close_input(group)
            for end in (group.terminate, group.kill):
                self._watcher.join(self._end_time)
                if not self._watcher.is_alive():
                    break
                end()
                self._end_time = KILL_TIME
            self._watcher.join()
        self._files.close()

    def _open_output(self, directory: Path | None, name: str) -> IO[bytes]:
        if directory is None:
            return self._files.enter_context(tempfile.TemporaryFile())
        return self._files.enter_context(open(directory / name, "w+b"))

    def _command(self) -> list[str]:
        return self._starter.command(
            [node.name for node in self._nodes],
            [self._python, "-m", AGENT_MODULE],
            # from here, Python finds our packages first, not a module in the user's directory
            directory=ROOT,
        )

    def _spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._command(),
                env=self._starter.environment(self._environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self._files.close()
            msg = f"The agents could not be started with '{' '.join(self._command())}': {error}"
            raise TransportError(msg) from error

    def _send(self, group: subprocess.Popen[bytes], orders: AgentOrders) -> None:
        job = JobOrders(
            nodes=self._nodes,
            environment=self._environment,
            name_variable=self._starter.node_name_variable,
            kept_variables=tuple(self._starter.kept_variables),
        )
        assert group.stdin is not None
        # if the command has already failed, the watcher reports its output
        with contextlib.suppress(BrokenPipeError):
            group.stdin.write(encode_orders(replace(orders, job=job)))
            group.stdin.flush()

    def _watch(
        self,
        group: subprocess.Popen[bytes],
        errors: IO[bytes],
        on_lost: Callable[[str, str], None],
    ) -> None:
        """Report lost agents, until the command that has started them ends."""
        assert group.stderr is not None
        with group.stderr:
            for data in group.stderr:
                errors.write(data)
                errors.flush()
                line = data.decode(errors="replace").rstrip()
                self._printed.append(line)
                self._report(self._starter.losses(line), f"its agent failed: {line}", on_lost)
        end = from_return_code(group.wait())
        if end == SUCCESS:
            return  # the agents exit with 0 only if the manager has ended them
        names = [node.name for node in self._nodes]
        self._report(names, self._describe(end), on_lost)

    def _report(
        self, nodes: Iterable[str], reason: str, on_lost: Callable[[str, str], None]
    ) -> None:
        for node in nodes:
            if not self._is_closing.is_set():
                on_lost(node, reason)

    def _describe(self, end: ProcessEnd) -> str:
        command = " ".join(self._command())
        printed = "\n".join(self._printed).strip() or "nothing"
        return f"the command that started the agents ({command}) {end}; it printed: {printed}"


def _close_input(group: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        assert group.stdin is not None
        group.stdin.close()
