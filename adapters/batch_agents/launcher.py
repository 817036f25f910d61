"""Launches the agents of a batch job."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, final

from typing_extensions import override

from adapters.batch_agents.output_watch import OutputWatch
from adapters.batch_agents.starters import GroupStarter
from adapters.wire.agent_orders import encode_orders
from adapters.wire.orders_in_environment import orders_as_variables
from application.interfaces.agents import AgentLauncher
from domain.errors import TransportError
from domain.placement.batch_jobs import JobNode
from domain.running.agents import AgentOrders, JobOrders
from domain.running.launcher_capabilities import LauncherCapabilities
from domain.running.process_end import SUCCESS, from_return_code

AGENT_MODULE: Final = "entrypoints.agent"
ROOT: Final = Path(__file__).resolve().parents[2]

INTERPRETER_VARIABLES: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")
"""Environment variables that an interpreter may need to start."""

CLOSE_MARGIN: Final = 5.0
"""Seconds that the agents get to end, on top of the time that they give their processes."""

SILENT_TIME: Final = 2.0
"""Seconds that the agents get instead if one of them is lost."""

KILL_TIME: Final = 5.0
"""Seconds between SIGTERM and SIGKILL for the command that has started the agents."""


@final
class BatchAgentLauncher(AgentLauncher):
    """Starts one agent on each node of a job, with one command for all nodes.

    If the command passes its standard input on to the agents, that is a pipe that stays open as
    long as this process lives. If this process dies, even by SIGKILL, the pipe closes, and the
    agents end their processes and themselves. Otherwise, they do so when the manager is silent.

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
        self._node_names = [node.name for node in nodes]
        self.starter: Final = starter
        """The kind of command that starts the agents."""
        self._python = python
        self._environment = dict(environment)
        self._group: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._is_closing = threading.Event()
        self._has_silent_agent = False
        self._end_time = CLOSE_MARGIN
        self._files = contextlib.ExitStack()

    @property
    @override
    def capabilities(self) -> LauncherCapabilities:
        return LauncherCapabilities()

    @override
    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        self._end_time = orders.grace_time + CLOSE_MARGIN
        line = self._orders_line(orders)
        errors = self._open_output(orders.log_directory, "agent_launch.err")
        output = self._open_output(orders.log_directory, "agent_launch.out")
        self._group = group = self._spawn(line, output)
        self._watcher = threading.Thread(
            target=lambda: self._watch(group, errors, on_lost),
            name="conjoin-agent-watch",
            daemon=True,
        )
        self._watcher.start()
        if self.starter.passes_input:
            _send(group, line)
        return self._node_names

    @override
    def give_up(self, node: str) -> None:
        self._has_silent_agent = True

    @override
    def close(self) -> None:
        self._is_closing.set()
        if self._has_silent_agent:
            # the command would wait for it; the others end by themselves, as their input is closed
            self._end_time = SILENT_TIME
        group, self._group = self._group, None
        if group is not None and self._watcher is not None:
            _close_input(group)
            for end in (group.terminate, group.kill):
                self._watcher.join(self._end_time)
                if not self._watcher.is_alive():
                    break
                end()
                self._end_time = SILENT_TIME if self._has_silent_agent else KILL_TIME
            self._watcher.join()
        self._files.close()

    def _open_output(self, directory: Path | None, name: str) -> IO[bytes]:
        if directory is None:
            return self._files.enter_context(tempfile.TemporaryFile())
        return self._files.enter_context(open(directory / name, "w+b"))

    def _orders_line(self, orders: AgentOrders) -> bytes:
        job = JobOrders(
            nodes=self._nodes,
            environment=self.starter.program_environment(self._environment),
            name_variable=self.starter.node_name_variable,
            kept_variables=tuple(self.starter.kept_variables),
        )
        return encode_orders(replace(orders, job=job))

    def _command(self, exported: Sequence[str] = ()) -> list[str]:
        return self.starter.command(
            self._node_names,
            [self._python, "-m", AGENT_MODULE],
            # from here, Python finds our packages first, not a module in the user's directory
            directory=ROOT,
            exported=exported,
        )

    def _spawn(self, line: bytes, output: IO[bytes]) -> subprocess.Popen[bytes]:
        has_input = self.starter.passes_input
        variables = {} if has_input else orders_as_variables(line)
        environment = {**self.starter.environment(self._environment), **variables}
        needed = [name for name in INTERPRETER_VARIABLES if name in environment]
        try:
            return subprocess.Popen(
                self._command([*needed, *variables]),
                env=environment,
                stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self._files.close()
            msg = f"The agents could not be started with '{' '.join(self._command())}': {error}"
            raise TransportError(msg) from error

    def _watch(
        self,
        group: subprocess.Popen[bytes],
        errors: IO[bytes],
        on_lost: Callable[[str, str], None],
    ) -> None:
        """Report lost agents, until the command that has started them ends."""
        assert group.stderr is not None
        watch = OutputWatch(
            group.stderr, errors, losses=lambda line: self.starter.losses(line, self._node_names)
        )
        command = " ".join(self._command())
        with group.stderr:
            for losses in watch.follow():
                for loss in losses:
                    reason = f"its agent failed: {loss.line}"
                    self._report(
                        loss.node, f"{reason}; {command} printed: {watch.printed}", on_lost
                    )
        end = from_return_code(group.wait())
        if end == SUCCESS:
            return  # the agents exit with 0 only if the manager has ended them
        reason = f"the command that started the agents ({command}) {end}"
        for node in self._node_names:
            self._report(node, f"{reason}; it printed: {watch.printed}", on_lost)

    def _report(self, node: str, reason: str, on_lost: Callable[[str, str], None]) -> None:
        if not self._is_closing.is_set():
            on_lost(node, reason)


def _send(group: subprocess.Popen[bytes], line: bytes) -> None:
    # if the command has already failed, the watcher reports its output
    with contextlib.suppress(BrokenPipeError):
        assert group.stdin is not None
        group.stdin.write(line)
        group.stdin.flush()


def _close_input(group: subprocess.Popen[bytes]) -> None:
    if group.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            group.stdin.close()
