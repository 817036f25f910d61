"""Measures how long the manager's event loop pauses while many instances are started, and fail.

The programs are simulated, so that only the manager is measured: an agent in another process
accepts the commands to start them. Everything else is real: placement, run scripts and directories,
requests over sockets, the log, the profile. While the loop pauses, the manager answers neither
heartbeats nor requests.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import final

from adapters.wire.agent_orders import encode_orders
from application.interfaces.agents import AgentLauncher
from application.interfaces.clock import Scheduler
from benchmarks.table import Row, in_ms
from domain.running.agents import AgentOrders
from domain.running.launcher_capabilities import LauncherCapabilities
from entrypoints._manager.opening import open_manager
from entrypoints._manager.run_input import RunInput
from entrypoints._snapshots.snapshot_wiring import snapshot_stores
from entrypoints.containers.manager import OpenedManager
from entrypoints.options import Adapters, ManagerOptions

COUNT = 1000
TICK = 0.001
LONG = 300.0
AGENT = "benchmarks.programs.simulated_agent"
NODE = "simulated"


def rows() -> Iterator[Row]:
    """Yield the results. MUSCLE3's manager has no such loop."""
    measured = [_measure(COUNT) for _ in range(3)]
    starting, failing = (min(pauses) for pauses in zip(*measured, strict=True))
    yield Row(f"longest pause of the manager, {COUNT} instances start", 0.0, starting, in_ms)
    yield Row(f"longest pause of the manager, {COUNT} instances fail", 0.0, failing, in_ms)


@final
class SimulatedLauncher(AgentLauncher):
    """Launches one simulated agent, in its own process.

    Args:
        count: Number of programs that it waits for.
    """

    capabilities = LauncherCapabilities(is_this_machine=True)

    def __init__(self, count: int) -> None:
        self._count = count
        self._agent: subprocess.Popen[bytes] | None = None

    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        del on_lost
        self._agent = subprocess.Popen(
            [sys.executable, "-m", AGENT, str(self._count)], stdin=subprocess.PIPE
        )
        self._write(encode_orders(replace(orders, node=NODE)))
        return [NODE]

    def let_fail(self) -> None:
        """Let all programs fail."""
        self._write(b"\n")

    def give_up(self, node: str) -> None:
        """Do nothing: the only agent does not fall silent."""

    def close(self) -> None:
        if self._agent is not None:
            self._agent.communicate(timeout=LONG)

    def _write(self, data: bytes) -> None:
        assert self._agent is not None
        assert self._agent.stdin is not None
        self._agent.stdin.write(data)
        self._agent.stdin.flush()


@final
class PauseMeter:
    """Schedules a call every millisecond, and records the longest delay of a call."""

    def __init__(self, loop: Scheduler) -> None:
        self._loop = loop
        self._last = 0.0
        self._longest = 0.0
        loop.call_soon(self._begin)

    def take_longest(self) -> float:
        """Return the longest pause since the last call of this method, in seconds."""
        taken = threading.Event()
        found = 0.0

        def take() -> None:
            nonlocal found
            found, self._longest = self._longest, 0.0
            taken.set()

        self._loop.call_soon(take)
        assert taken.wait(LONG)
        return found

    def _begin(self) -> None:
        self._last = time.perf_counter()
        self._tick()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._longest = max(self._longest, now - self._last - TICK)
        self._last = now
        self._loop.call_later(TICK, self._tick)


def _measure(count: int) -> tuple[float, float]:
    """Return the longest pause while all instances are started, and while all fail."""
    launcher = SimulatedLauncher(count)
    ended = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        opened = _open(_configuration(count), Path(folder), launcher, ended)
        try:
            meter = PauseMeter(opened.loop)
            _start(opened)
            starting = meter.take_longest()
            launcher.let_fail()
            assert ended.wait(LONG)
            return starting, meter.take_longest()
        finally:
            opened.close()


def _open(
    text: str, run_dir: Path, launcher: AgentLauncher, ended: threading.Event
) -> OpenedManager:
    stores = snapshot_stores(None, adapter=None)
    run_input = RunInput(
        text,
        model=None,
        resume=None,
        checkpoints=None,
        run_dir=run_dir,
        stores=stores,
        programs_required=True,
    )
    return open_manager(
        run_input,
        run_dir=run_dir,
        stores=stores,
        options=ManagerOptions(starts_all=True),
        adapters=Adapters(),
        launcher=launcher,
        on_finished=lambda _: ended.set(),
    )


def _start(opened: OpenedManager) -> None:
    started = threading.Event()
    errors: list[Exception] = []

    def fail(error: Exception) -> None:
        errors.append(error)
        started.set()

    opened.loop.call_soon(
        lambda: opened.services.run.start(opened.launch, started=started.set, failed=fail)
    )
    assert started.wait(LONG)
    if errors:
        raise errors[0]


def _configuration(count: int) -> str:
    return f"""
ymmsl_version: v0.2
models:
  many:
    description: Many
    components:
      instance:
        ports: {{}}
        description: One of many
        implementation: program
        multiplicity: {count}
programs:
  program:
    description: Simulated
    executable: "true"
resources:
  many.instance: {{threads: 1}}
"""
