"""A subreaper finds and ends all its descendants."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.processes.descendants import children, descendants, has_children, parent_of
from tests.support.conditions import is_running, wait_until

REPOSITORY = Path(__file__).resolve().parents[4]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

# Each one reports its process ID when it has installed its signal handler. The first is in a
# session of its own, the second is an orphan in another session, the third ignores SIGTERM.
ANCESTOR = """
import os, signal, sys, time
from adapters.processes.descendants import Descendants, has_children
from adapters.processes.parent_death import become_subreaper

assert become_subreaper()
readable, writable = os.pipe()

def report():
    os.write(writable, f"{os.getpid()} ".encode())
    time.sleep(1000)

def asked(*_):
    os.write(1, b"asked\\n")
    os._exit(0)

if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, asked)
    report()
if (intermediate := os.fork()) == 0:
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, asked)
        report()
    os._exit(0)
os.waitpid(intermediate, 0)
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report()
pids = ""
while pids.count(" ") < 3:
    pids += os.read(readable, 100).decode()
print(pids, flush=True)
sys.stdin.readline()
until = time.monotonic() + float(sys.argv[1])
print(Descendants().end(until=until), has_children(), flush=True)
"""


@pytest.fixture
def ancestor():
    """Return a function that starts a process with descendants."""
    started = []

    def start(grace_time):
        process = subprocess.Popen(
            [sys.executable, "-c", ANCESTOR, str(grace_time)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, set(map(int, process.stdout.readline().split()))

    yield start
    for process in started:
        if process.returncode is None:
            process.communicate("\n", timeout=60)


def test_descendants_in_other_sessions_and_orphans_are_found(ancestor):
    process, pids = ancestor(0.0)
    assert descendants(process.pid) == dict.fromkeys(pids, process.pid)
    assert set(children(process.pid)) == pids


def test_all_descendants_are_asked_to_end_and_then_killed(ancestor):
    process, pids = ancestor(0.5)
    output, _ = process.communicate("\n", timeout=60)
    assert output == "asked\nasked\nTrue False\n"
    assert not any(map(is_running, pids))


def test_descendants_without_grace_time_are_killed(ancestor):
    process, pids = ancestor(0.0)
    output, _ = process.communicate("\n", timeout=60)
    assert output == "True False\n"
    assert not any(map(is_running, pids))


def test_parent_of_a_missing_process_is_unknown():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        assert parent_of(process.pid) == os.getpid()
    assert parent_of(process.pid) is None
    assert children(process.pid) == []


def test_zombie_counts_as_a_child():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert process.pid in children(os.getpid())
        assert has_children()
    wait_until(lambda: process.pid not in children(os.getpid()))


def test_signal_kill_ends_a_stopped_descendant(ancestor):
    process, pids = ancestor(0.0)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    output, _ = process.communicate("\n", timeout=60)
    assert output == "True False\n"
