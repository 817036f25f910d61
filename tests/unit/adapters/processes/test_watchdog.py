"""What the watchdog does when its agent, or the launcher of that, ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from adapters.processes.watchdog import LAUNCHER_VARIABLE, TITLE
from tests.support.conditions import is_running, wait_until

REPOSITORY = Path(__file__).resolve().parents[4]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

AGENT = """
import os, signal, subprocess, sys, threading, time
from adapters.processes.watchdog import LAUNCHER_VARIABLE, go_below_watchdog

lifeline = go_below_watchdog()
assert LAUNCHER_VARIABLE not in os.environ
lifeline.announce(patience=0.1, grace_time=0.1)
orphan = subprocess.Popen(["sleep", "1000"], start_new_session=True, env={})

def end(number, _):
    print(number if lifeline.is_watched else "unwatched", flush=True)
    os._exit(7)

signal.signal(signal.SIGTERM, end)
print(os.getpid(), orphan.pid, flush=True)
if "watch" in sys.argv:
    lifeline.wait_for_launcher()
    print("launcher gone", flush=True)
    os._exit(0)
time.sleep(1000)
"""

HOST = """
import os, subprocess, sys, time
agent = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1], "watch"],
    env={**os.environ, sys.argv[2]: str(os.getpid())},
    stdin=subprocess.PIPE,
)
if os.fork() == 0:  # it keeps the agent's standard input open
    time.sleep(1000)
time.sleep(1000)
"""


class Watched:
    """A watchdog with an agent and one of its descendants."""

    def __init__(self, process):
        self.process = process
        self.agent, self.orphan = map(int, process.stdout.readline().split())


@pytest.fixture
def watched():
    with subprocess.Popen(
        [sys.executable, "-c", AGENT],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        found = Watched(process)
        yield found
        process.stdin.close()
        wait_until(lambda: not is_running(found.agent))


def test_descendants_of_a_killed_agent_are_ended(watched):
    os.kill(watched.agent, signal.SIGKILL)
    assert watched.process.wait(60) == -signal.SIGKILL
    assert not is_running(watched.orphan)


def test_watchdog_passes_sigterm_on_and_ends_like_its_agent(watched):
    watched.process.terminate()
    assert watched.process.wait(60) == 7
    assert watched.process.stdout.read() == "15\n"
    assert not is_running(watched.orphan)


def test_killed_watchdog_is_noticed_by_its_agent(watched):
    watched.process.kill()
    assert watched.process.stdout.readline() == "unwatched\n"
    wait_until(lambda: not is_running(watched.agent))
    os.kill(watched.orphan, signal.SIGKILL)  # ending it is the agent's duty


def test_agent_that_is_stopped_when_its_launcher_closes_its_input_is_killed(watched):
    os.kill(watched.agent, signal.SIGSTOP)
    watched.process.stdin.close()
    assert watched.process.wait(60) == -signal.SIGKILL
    assert not is_running(watched.orphan)


def test_watchdog_has_a_title_of_its_own(watched):
    wait_until(lambda: psutil.Process(watched.process.pid).cmdline()[0] == TITLE)
    assert psutil.Process(watched.agent).cmdline()[0] == sys.executable


def test_death_of_a_launcher_that_has_forked_is_noticed():
    with subprocess.Popen(
        [sys.executable, "-c", HOST, AGENT, LAUNCHER_VARIABLE],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as host:
        agent, orphan = map(int, host.stdout.readline().split())
        host.kill()
        assert host.stdout.readline() == "launcher gone\n"
        wait_until(lambda: not is_running(agent) and not is_running(orphan))
        os.killpg(host.pid, signal.SIGKILL)
