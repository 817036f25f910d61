"""Tests of real agents, which run as child processes."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from adapters.in_memory.clock import ManualClock
from adapters.local_agents.launcher import ROOT, LocalAgentLauncher
from application.interfaces.agents import AgentLauncher
from application.nodes.agent_timeouts import HEARTBEATS_PER_TIMEOUT, AgentTimeouts
from conjoin.testing import RunningAgentsContract
from conjoin.testing.agent_bench import LONG, TIMEOUTS, AgentBench
from conjoin.testing.agent_launcher import ORDERS
from domain.errors import TransportError
from domain.running.process_end import Exited, Killed, NodeLost
from tests.support.conditions import is_running, wait_until


def agent_process() -> psutil.Process:
    """Return the agent, once it has started. Its watchdog, which is its parent, is our child."""
    found: list[psutil.Process] = []

    def is_found() -> bool:
        watchdogs = psutil.Process().children()
        found[:] = [
            one
            for one in psutil.Process().children(recursive=True)
            if one not in watchdogs and "entrypoints.agent" in arguments_of(one)
        ]
        return len(found) == 1

    wait_until(is_found)
    return found[0]


def arguments_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


class TestLocalAgentLauncher(RunningAgentsContract):
    def make(self) -> AgentLauncher:
        return LocalAgentLauncher()

    def let_die(self, launcher: AgentLauncher, node: str) -> None:
        agent_process().kill()


@pytest.fixture
def launcher() -> Iterator[LocalAgentLauncher]:
    launcher = LocalAgentLauncher(node="here")
    yield launcher
    launcher.close()


@pytest.fixture
def bench(launcher: LocalAgentLauncher, tmp_path: Path) -> Iterator[AgentBench]:
    bench = AgentBench(launcher, tmp_path)
    yield bench
    bench.close()


def start_sleep(bench: AgentBench) -> int:
    """Start a long-running process named `a`, and return its process id."""
    bench.start("here", "a", "/bin/bash", "-c", "echo $$; exec sleep 1000")
    out = bench.directory / "a.out"
    wait_until(lambda: out.exists() and out.read_text().endswith("\n"))
    return int(out.read_text())


def test_node_name_defaults_to_the_host_name() -> None:
    unnamed = LocalAgentLauncher()
    assert unnamed.launch(ORDERS, on_lost=lambda *_: None) == [socket.gethostname()]
    unnamed.close()


def test_given_node_name_is_reported(bench: AgentBench) -> None:
    assert [node.node for node in bench.launch_and_wait()] == ["here"]


def test_secret_is_not_in_the_environment_of_the_agent(bench: AgentBench) -> None:
    bench.launch_and_wait()
    assert not any("a secret that" in value for value in agent_process().environ().values())


def test_secret_is_not_in_the_environment_of_processes(bench: AgentBench) -> None:
    bench.launch_and_wait()
    bench.start("here", "a", "/usr/bin/env")
    bench.wait_for_end("a")
    assert "a secret that" not in (bench.directory / "a.out").read_text()


def test_agent_does_not_receive_ctrl_c(bench: AgentBench) -> None:
    bench.launch_and_wait()
    assert os.getsid(agent_process().pid) != os.getsid(0)


def test_agent_does_not_import_modules_from_the_working_directory(
    bench: AgentBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "domain.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    bench.launch_and_wait()


def test_failed_start_of_an_agent_is_reported_with_its_output(
    tmp_path: Path,
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho all is lost >&2\nexit 3\n")
    python.chmod(0o755)
    bench = AgentBench(LocalAgentLauncher(node="here", python=str(python)), tmp_path)
    bench.launch()
    bench.wait_for(lambda: bool(bench.lost))
    ((node, reason),) = bench.lost
    assert node == "here"
    assert "exited with code 3" in reason
    assert "all is lost" in reason
    bench.close()


def test_agent_that_was_started_early_receives_its_orders(
    launcher: LocalAgentLauncher, bench: AgentBench, tmp_path: Path
) -> None:
    before = set(psutil.Process().children())
    launcher.start_early(tmp_path)
    early = set(psutil.Process().children()) - before
    bench.launch_and_wait()
    assert set(psutil.Process().children()) - before == early


def test_agent_that_was_started_early_ends_without_orders(
    launcher: LocalAgentLauncher, tmp_path: Path
) -> None:
    before = set(psutil.Process().children())
    launcher.start_early(tmp_path)
    (agent,) = set(psutil.Process().children()) - before
    launcher.close()
    wait_until(lambda: not is_running(agent.pid))


def test_failed_early_start_is_reported_by_the_launch(tmp_path: Path) -> None:
    launcher = LocalAgentLauncher(node="here", python="/no/python")
    launcher.start_early(tmp_path)
    with pytest.raises(TransportError, match=r"'here'.*/no/python"):
        launcher.launch(ORDERS, on_lost=lambda *_: None)


def test_missing_interpreter_is_an_error() -> None:
    launcher = LocalAgentLauncher(node="here", python="/no/python")
    with pytest.raises(TransportError, match=r"'here'.*/no/python"):
        launcher.launch(ORDERS, on_lost=lambda *_: None)
    launcher.close()


def test_many_processes_run_concurrently(bench: AgentBench) -> None:
    bench.launch_and_wait()
    names = [f"p{number}" for number in range(30)]
    for name in names:
        bench.start("here", name, "/bin/sh", "-c", "exit 2")
    for name in names:
        assert bench.wait_for_end(name) == Exited(2)
    assert len(bench.finished) == len(names)


def test_shutdown_reports_ended_processes(bench: AgentBench) -> None:
    bench.launch_and_wait()
    pid = start_sleep(bench)
    bench.do(bench.manager.shutdown)
    assert bench.wait_for_end("a") == Killed(15)
    assert not is_running(pid)
    bench.launcher.close()
    assert bench.lost == []


def test_closing_the_launcher_ends_agent_and_processes(bench: AgentBench) -> None:
    bench.launch_and_wait()
    pid = start_sleep(bench)
    bench.launcher.close()
    assert not is_running(pid)


def test_agent_writes_a_log(bench: AgentBench) -> None:
    bench.launch_and_wait()
    bench.start("here", "a", "/bin/true")
    bench.wait_for_end("a")
    bench.do(bench.manager.shutdown)
    log = bench.directory / "muscle3_agent_here.log"
    # wait for the agent to process the shutdown, because closing the launcher closes its input
    wait_until(lambda: "agent ended" in log.read_text())
    bench.launcher.close()
    for part in ("started a", "a exited with code 0", "shutting down", "agent ended"):
        assert part in log.read_text()
    assert (bench.directory / "agent_launch.out").read_text() == ""
    assert (bench.directory / "agent_launch.err").read_text() == ""


def test_agent_that_receives_sigterm_ends_its_processes(bench: AgentBench) -> None:
    bench.launch_and_wait()
    pid = start_sleep(bench)
    agent_process().send_signal(signal.SIGTERM)
    bench.wait_for(lambda: bool(bench.lost))
    assert not is_running(pid)
    assert "received signal 15" in bench.lost[0][1]


def test_processes_of_a_killed_agent_die(bench: AgentBench) -> None:
    bench.launch_and_wait()
    pid = start_sleep(bench)
    agent_process().kill()
    wait_until(lambda: not is_running(pid))


@pytest.mark.slow
def test_agent_without_heartbeats_ends_its_processes_and_exits(
    launcher: LocalAgentLauncher, tmp_path: Path
) -> None:
    # long enough that a short pause of the manager on a busy machine does not exceed it
    timeouts = AgentTimeouts(silence=20.0, startup=LONG, grace=LONG)
    bench = AgentBench(launcher, tmp_path, timeouts=timeouts, clock=ManualClock())
    bench.launch_and_wait()
    pid = start_sleep(bench)
    agent = agent_process()
    is_over = threading.Event()
    bench.server.loop.call_soon(lambda: is_over.wait(LONG) and None)  # block the manager's thread
    wait_until(lambda: not (is_running(pid) or is_running(agent.pid)))
    is_over.set()
    assert "the manager was silent for 20 seconds" in (tmp_path / "agent_launch.err").read_text()
    bench.close()


def test_suspended_agent_is_reported_as_lost(launcher: LocalAgentLauncher, tmp_path: Path) -> None:
    bench = AgentBench(launcher, tmp_path, clock=ManualClock())
    bench.launch_and_wait()
    start_sleep(bench)
    for _ in range(2 * HEARTBEATS_PER_TIMEOUT):
        before = bench.requests
        bench.let_pass(TIMEOUTS.heartbeat)
        bench.wait_for(lambda before=before: bench.requests > before)  # type: ignore[misc]
    assert bench.lost == []
    agent = agent_process()
    agent.suspend()
    bench.let_pass(2 * TIMEOUTS.silence)
    reason = "node 'here' was lost: its agent sent nothing for 1000 seconds"
    assert bench.wait_for_end("a") == NodeLost(reason)
    agent.resume()
    bench.close()


@pytest.mark.parametrize("has_forked", [False, True])
def test_agent_and_processes_end_when_the_manager_is_killed(
    tmp_path: Path, has_forked: bool
) -> None:
    manager = tmp_path / "manager.py"
    manager.write_text(
        textwrap.dedent(
            """
            import os
            import signal
            import sys
            from pathlib import Path

            from adapters.local_agents.launcher import LocalAgentLauncher
            from conjoin.testing.agent_bench import AgentBench

            bench = AgentBench(LocalAgentLauncher(node="here"), Path(sys.argv[1]))
            bench.launch_and_wait()
            bench.start("here", "a", "/bin/bash", "-c", "echo $PPID $$; exec sleep 1000")
            if sys.argv[2] == "True" and os.fork() == 0:
                # this process inherits the agent's standard input, and outlives the manager
                signal.pause()
            sys.stdin.read()
            """
        )
    )
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    with subprocess.Popen(
        [sys.executable, manager, tmp_path, str(has_forked)],
        stdin=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as process:
        out = tmp_path / "a.out"
        wait_until(lambda: out.exists() and out.read_text().endswith("\n"))
        pids = [int(text) for text in out.read_text().split()]
        assert all(map(is_running, pids))
        process.kill()
        process.wait(LONG)
    wait_until(lambda: not any(map(is_running, pids)))
    if has_forked:
        os.killpg(process.pid, signal.SIGKILL)


def test_agent_imports_only_what_it_needs() -> None:
    text = "import sys, entrypoints.agent; print(*{name.partition('.')[0] for name in sys.modules})"
    output = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    heavy = {"numpy", "ymmsl", "structlog", "dependency_injector", "psutil", "asyncio", "logging"}
    assert not heavy & set(output.split())
