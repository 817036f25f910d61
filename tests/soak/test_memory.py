"""The memory of an instance does not grow with the length of the run."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.conditions import wait_until
from tests.support.workspace import MANAGER, Workspace

BUSY_LOOPS = 6
SECONDS = 15
EXCHANGES = 30_000
"""Enough that their profile would need 20 MB, if all of it was kept."""
PEAK_MB = 40
"""Maximum memory of an instance without numpy; a short run takes about 22 MB."""
SLOPE_MB = 8
"""By how much memory may grow after the first third of the run."""

_PIN = "import os, sys; os.sched_setaffinity(0, {cores}); os.execv(sys.argv[1], sys.argv[1:])"

_MACRO = """\
import time
from conjoin import Instance, Message, Operator

def peak_memory():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM"))

instance = Instance({Operator.O_I: ["state_out"], Operator.S: ["state_in"]})
while instance.reuse_instance():
    begin, count, early, progress = time.monotonic(), 0, 0, 0.0
    print("begins", flush=True)
    while progress < 1.0:
        for _ in range(100):
            instance.send("state_out", Message(float(count), None, count))
            instance.receive("state_in")
            count += 1
        progress = PROGRESS
        if progress > 1 / 3:
            early = early or peak_memory()
    print("exchanges", count, "early", early, "late", peak_memory(), flush=True)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux"),
]


@pytest.fixture
def cores() -> set[int]:
    """Two of the cores that the tests may use, or the only one."""
    return set(sorted(os.sched_getaffinity(0))[:2])


@pytest.fixture
def overload(cores: set[int]) -> Iterator[None]:
    """Programs that use all CPU time that they can get on these cores."""
    loops = [subprocess.Popen(pinned(cores, "-c", "while True: pass")) for _ in range(BUSY_LOOPS)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


@pytest.mark.usefixtures("overload")
def test_memory_of_an_instance_stays_bounded_while_the_processors_are_overloaded(
    workspace: Workspace, cores: set[int]
):
    workspace.write(
        "macro.py", _MACRO.replace("PROGRESS", f"(time.monotonic() - begin) / {SECONDS}")
    )
    command = pinned(cores, *MANAGER[1:], "--start-all", "--run-dir", "run", "model.ymmsl")
    with workspace.running(*command) as program:
        outcome = program.finish()
    assert outcome.exit_code == 0, outcome.text
    check_memory(printed_by_macro(workspace))


def test_memory_of_an_instance_stays_bounded_while_the_manager_is_suspended(workspace: Workspace):
    workspace.write("macro.py", _MACRO.replace("PROGRESS", f"count / {EXCHANGES}"))
    with workspace.running(*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl") as program:
        wait_until(lambda: "begins" in printed_by_macro(workspace))
        program.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: "exchanges" in printed_by_macro(workspace))
        program.process.send_signal(signal.SIGCONT)
        outcome = program.finish()
    assert outcome.exit_code == 0, outcome.text
    check_memory(printed_by_macro(workspace))


def check_memory(printed: str) -> None:
    match = re.search(r"early (\d+) late (\d+)", printed)
    assert match, printed
    early, late = map(int, match.groups())
    assert 0 < late < PEAK_MB, printed
    assert late - early <= SLOPE_MB, printed


def printed_by_macro(workspace: Workspace) -> str:
    path = workspace.run_dir / "instances" / "macro" / "stdout.txt"
    return path.read_text() if path.exists() else ""


def pinned(cores: set[int], *arguments: str) -> list[str]:
    """Return a command that runs Python on some cores only."""
    return [sys.executable, "-c", _PIN.format(cores=cores), sys.executable, *arguments]
