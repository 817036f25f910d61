"""The manager's side for tests with real agents: a server, an agent manager, and waits for them."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.worker import InlineWorker
from adapters.io.event_loop import EventLoop
from adapters.system.clock import SystemClock
from adapters.tcp.agent_requests import execute_agent_request
from adapters.tcp.server import Reply, Server
from adapters.wire.locations import TCP, format_location
from adapters.wire.session_server import Request
from application.interfaces.agents import AgentLauncher
from application.interfaces.clock import Timer
from application.interfaces.node_pool import AgentLaunch
from application.nodes.agent_manager import AgentManager
from application.nodes.agent_timeouts import AgentTimeouts
from domain.placement.resources import Resources
from domain.running.process_end import ProcessEnd

Result = TypeVar("Result")
LONG = 60.0
SECRET = "a secret that is nowhere else"
TIMEOUTS = AgentTimeouts(silence=1000.0, startup=LONG, grace=LONG)


class _TimersByHand:
    """Makes calls on a loop's thread; makes delayed calls when a manual clock is advanced."""

    def __init__(self, loop: EventLoop, clock: ManualClock) -> None:
        self._loop = loop
        self._clock = clock

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        return self._clock.call_later(delay, callback)

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._loop.call_soon(callback)


class AgentBench:
    """Runs a server with an agent manager.

    Args:
        launcher: Starts the agents.
        directory: For logs, and for the files of processes.
        timeouts: How long to wait for agents; by default too long for any timeout to occur.
        hosts: Addresses to listen on.
        clock: The manager's clock; by default the machine's.
        options: Further options of the agent manager, such as `version`: the version that the
            agents must have.

    Attributes:
        finished: Name, exit code and reason of each process that has ended.
        lost: Node and reason for each lost agent.
        resources: The resources of all nodes, once all agents have reported.
        requests: Number of requests received.
    """

    def __init__(
        self,
        launcher: AgentLauncher,
        directory: Path,
        *,
        timeouts: AgentTimeouts = TIMEOUTS,
        hosts: tuple[str, ...] = ("127.0.0.1",),
        clock: ManualClock | None = None,
        **options: str,
    ) -> None:
        self.launcher = launcher
        self.directory = directory
        self.finished: list[tuple[str, ProcessEnd]] = []
        self.lost: list[tuple[str, str]] = []
        self.resources: Resources | None = None
        self.requests = 0
        self._clock = clock
        self._changed = threading.Condition()
        self.server = Server(
            self._execute,
            loop=EventLoop("bench-server"),
            max_request=2**20,
            secret=SECRET,
            needs_secret=lambda _request: True,
        )
        self.location = format_location(TCP, self.server.listen(hosts))
        self.manager = AgentManager(
            directory,
            scheduler=_TimersByHand(self.server.loop, clock) if clock else self.server.loop,
            clock=clock or SystemClock(),
            log=structlog.get_logger(),
            timeouts=timeouts,
            **options,
        )
        self.manager.on_finished(lambda *end: self._note(self.finished.append, end))
        self.manager.on_resources(lambda found: self._note(self._set_resources, found))
        self.manager.on_node_lost(lambda *loss: self._note(self.lost.append, loss))
        self.server.start()

    def do(self, action: Callable[[], Result]) -> Result:
        """Call a function on the server's thread, and return its result."""
        results: list[Result] = []
        errors: list[Exception] = []
        done = threading.Event()

        def run() -> None:
            try:
                results.append(action())
            except Exception as error:  # noqa: BLE001 - raised again in the calling thread
                errors.append(error)
            done.set()

        self.server.loop.call_soon(run)
        assert done.wait(LONG)
        if errors:
            raise errors[0]
        return results[0]

    def launch(self) -> None:
        """Launch the agents, without waiting for their reports."""
        launch = AgentLaunch(self.launcher, InlineWorker(), (self.location,), SECRET)
        self.do(lambda: self.manager.launch(launch, failed=_raise))

    def launch_and_wait(self) -> Resources:
        """Launch the agents, wait for their reports, and return the resources."""
        self.launch()
        self.wait_for(lambda: self.resources is not None or bool(self.lost))
        assert self.lost == []
        assert self.resources is not None
        return self.resources

    def start(self, node: str, name: str, *args: str, env: dict[str, str] | None = None) -> None:
        """Start a process on a node; its output goes to `<name>.out` and `<name>.err`."""
        values = dict(os.environ) if env is None else env
        out, err = (self.directory / f"{name}.{kind}" for kind in ("out", "err"))
        self.do(lambda: self.manager.start(node, name, self.directory, args, values, out, err))

    def let_pass(self, seconds: float) -> None:
        """Advance the manual clock."""
        assert self._clock is not None
        clock = self._clock
        self.do(lambda: clock.advance(seconds))

    def wait_for(self, condition: Callable[[], bool], timeout: float = LONG) -> None:
        """Wait for a condition that changes only when the agent manager is notified."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout), (
                f"finished: {self.finished}; lost: {self.lost}; resources: {self.resources}"
            )

    def wait_for_end(self, name: str) -> ProcessEnd:
        """Wait for the end of a process, and return how it ended."""
        self.wait_for(lambda: any(item[0] == name for item in self.finished))
        (end,) = (end for ended, end in self.finished if ended == name)
        return end

    def close(self) -> None:
        """Shut down the agents as a manager does, and close launcher and server."""
        self.do(self.manager.shutdown)
        self.launcher.close()
        self.server.close()

    def _execute(self, request: Request, reply: Reply) -> None:
        identity = request.session.owner.identity
        execute_agent_request(self.manager, request.body, reply, identity=identity)
        with self._changed:
            self.requests += 1
            self._changed.notify_all()

    def _note(self, action: Callable[..., object], value: object) -> None:
        with self._changed:
            action(value)
            self._changed.notify_all()

    def _set_resources(self, resources: Resources) -> None:
        self.resources = resources


def _raise(error: Exception) -> None:
    raise error
