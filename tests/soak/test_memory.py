"""The memory of a run does not grow with its length, even if the processors are overloaded."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.workspace import MANAGER, Workspace

BUSY_LOOPS = 6
SECONDS = 20
PEAK_MB = 40
"""Maximum memory of an instance without numpy; the interpreter alone takes 25 MB."""
SLOPE_MB = 8
"""By how much memory may grow after the first third of the run."""

_PIN = "import os, sys; os.sched_setaffinity(0, {cores}); os.execv(sys.argv[1], sys.argv[1:])"

_MACRO = f"""\
import time
from conjoin import Instance, Message, Operator

def peak_memory():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM"))

instance = Instance({{Operator.O_I: ["state_out"], Operator.S: ["state_in"]}})
while instance.reuse_instance():
    begin, count, early = time.monotonic(), 0, 0
    while time.monotonic() < begin + {SECONDS}:
        for _ in range(100):
            instance.send("state_out", Message(float(count), None, count))
            instance.receive("state_in")
            count += 1
        if time.monotonic() > begin + {SECONDS} / 3:
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
    workspace.write("macro.py", _MACRO)
    command = pinned(cores, *MANAGER[1:], "--start-all", "--run-dir", "run", "model.ymmsl")
    with workspace.running(*command) as program:
        outcome = program.finish()
    assert outcome.exit_code == 0, outcome.text
    printed = (workspace.run_dir / "instances" / "macro" / "stdout.txt").read_text()
    match = re.search(r"early (\d+) late (\d+)", printed)
    assert match, printed
    early, late = map(int, match.groups())
    assert 0 < late < PEAK_MB, printed
    assert late - early <= SLOPE_MB, printed


def pinned(cores: set[int], *arguments: str) -> list[str]:
    """Return a command that runs Python on some cores only."""
    return [sys.executable, "-c", _PIN.format(cores=cores), sys.executable, *arguments]
