"""A process dies with its parent."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.conditions import is_running, wait_until

REPOSITORY = Path(__file__).resolve().parents[4]
PARENT = """
import subprocess, sys
from adapters.processes.parent_death import killer_on_parent_death
child = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(1000)"], preexec_fn=killer_on_parent_death()
)
print(child.pid, flush=True)
sys.stdin.read()
"""

LATE = """
import os
from adapters.processes.parent_death import killer_on_parent_death
bind = killer_on_parent_death()
os.getppid = lambda: 1
bind()
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def test_process_dies_with_its_killed_parent():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    wait_until(lambda: not is_running(child))


def test_process_does_not_start_if_its_parent_has_died():
    done = subprocess.run([sys.executable, "-c", LATE], cwd=REPOSITORY, timeout=60)
    assert done.returncode == -signal.SIGKILL
