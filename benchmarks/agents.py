"""Measures the manager with many node agents, which run no programs.

All agents are simulated by one process, so that only the manager is measured.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, final

import psutil

from adapters.wire.agent_orders import encode_orders
from application.interfaces.agents import AgentLauncher
from application.interfaces.node_pool import AgentLaunch
from benchmarks.table import Row, in_s
from domain.placement.resources import Resources
from domain.running.agents import AgentOrders
from domain.running.launcher_capabilities import LauncherCapabilities
from entrypoints._manager.manager_api import Manager
from entrypoints.options import Adapters

COUNT: Final = 500
IDLE_TIME: Final = 30.0
LONG: Final = 300.0
PROGRAM: Final = "benchmarks.programs.many_agents"

MODEL: Final = """
ymmsl_version: v0.2
models:
  idle:
    description: A single instance, which is started by hand
    components:
      one:
        description: Is never started
        ports: {}
        implementation: by_hand
programs:
  by_hand:
    description: Never started
    executable: nothing
    execution_model: manual
"""


class Measured(NamedTuple):
    """The measurements of a manager with idle agents.

    Attributes:
        started: Seconds from the launch until all agents have reported.
        cpu: Seconds of CPU time that it used in `IDLE_TIME`.
        growth: Growth of its memory in that time, in bytes.
    """

    started: float
    cpu: float
    growth: float


def rows() -> Iterator[Row]:
    """Yield the results. MUSCLE3's manager was not measured."""
    measured = _measure(COUNT)
    yield Row(f"{COUNT} agents have reported", 0.0, measured.started, in_s)
    yield Row(
        f"CPU use of a manager with {COUNT} idle agents",
        0.0,
        measured.cpu / IDLE_TIME,
        lambda share: f"{100 * share:.1f} %",
    )
    yield Row(
        f"growth of its memory in {IDLE_TIME:g} s",
        0.0,
        measured.growth,
        lambda size: f"{size / 1e6:.1f} MB",
    )


@final
class ManyAgentsLauncher(AgentLauncher):
    """Launches many simulated agents, in one other process."""

    capabilities = LauncherCapabilities(is_this_machine=True)

    def __init__(self, count: int) -> None:
        self._count = count
        self._agents: subprocess.Popen[bytes] | None = None

    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        del on_lost
        self._agents = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, str(self._count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._agents.stdin is not None
        self._agents.stdin.write(encode_orders(orders))
        self._agents.stdin.flush()
        return [f"node{number}" for number in range(self._count)]

    def give_up(self, node: str) -> None:
        """Do nothing: all agents are in one process."""

    def close(self) -> None:
        if self._agents is not None:
            self._agents.communicate(timeout=LONG)


def _measure(count: int) -> Measured:
    launcher = ManyAgentsLauncher(count)
    reported = threading.Event()

    def note(resources: Resources) -> None:
        assert len(resources.nodes) == count
        reported.set()

    with (
        tempfile.TemporaryDirectory() as folder,
        Manager(MODEL, run_dir=Path(folder), adapters=Adapters(launcher=launcher)) as manager,
    ):
        parts = manager._opened_parts
        launch: AgentLaunch = parts.launch
        begun = time.perf_counter()

        def start() -> None:
            parts.services.agents.on_resources(note)
            parts.services.agents.launch(launch, failed=lambda _error: None)

        parts.loop.call_soon(start)
        assert reported.wait(LONG)
        started = time.perf_counter() - begun
        process = psutil.Process()
        before, memory = process.cpu_times(), process.memory_info().rss
        time.sleep(IDLE_TIME)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        return Measured(started, used, process.memory_info().rss - memory)
