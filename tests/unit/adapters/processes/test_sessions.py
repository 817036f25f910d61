"""Which processes belong to a session, and how they are signalled."""

import signal
import subprocess
import sys

import pytest

from adapters.processes.sessions import kill_session, members, signal_group, signal_members
from tests.support.conditions import wait_until

# the child leads its own process group, like children of mpirun or timeout
FAMILY = """
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(1000)"],
    preexec_fn=os.setpgrp,
    stdout=subprocess.PIPE,
)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
child.wait()
"""


@pytest.fixture
def family():
    """Return a process that leads a session, and the process ID of its child."""
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as leader:
        child = int(leader.stdout.readline())
        yield leader, child
        kill_session(leader.pid)


def test_session_members_exclude_the_session_leader(family):
    leader, child = family
    assert members(leader.pid) == {child}


def test_missing_session_has_no_members(family):
    _, child = family
    assert members(child) == set()


def test_session_members_in_other_process_groups_are_signalled(family):
    leader, _ = family
    signal_members(leader.pid, signal.SIGKILL)
    leader.stdin.close()
    assert leader.wait(60) == 0
    assert members(leader.pid) == set()


def test_signal_to_a_process_group_does_not_reach_other_groups(family):
    leader, child = family
    signal_group(leader.pid, signal.SIGTERM)
    assert leader.wait(60) == -signal.SIGTERM
    assert members(leader.pid) == {child}


def test_kill_session_leaves_no_process(family):
    leader, _ = family
    kill_session(leader.pid)
    assert leader.wait(60) == -signal.SIGKILL
    wait_until(lambda: members(leader.pid) == set())


def test_signal_to_a_missing_process_group_is_ignored(family):
    leader, _ = family
    kill_session(leader.pid)
    leader.wait(60)
    signal_group(leader.pid, signal.SIGTERM)
    signal_members(leader.pid, signal.SIGTERM)
