"""Which processes are recognised as orphans of a dead agent."""

import os
import shutil
import signal
import subprocess
import sys
import uuid

import pytest

from adapters.local_agents import orphans
from adapters.local_agents.orphans import kill_processes_of_run

SECRET = "the secret of this run"
MARK = f"CONJOIN_SECRET={SECRET}"


@pytest.fixture
def killed(monkeypatch, proc):
    """Record signals instead of sending them; a process disappears at the third attempt."""
    found = []

    def kill(pid, number):
        found.append((pid, number))
        if found.count((pid, number)) == 3:
            shutil.rmtree(proc / str(pid))

    monkeypatch.setattr(orphans.os, "kill", kill)
    return found


@pytest.fixture
def proc(tmp_path):
    for name in ("self", "cpuinfo"):
        (tmp_path / name).mkdir()
    return tmp_path


def add(proc, pid, *environment):
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "environ").write_bytes("\0".join(environment).encode())


def test_processes_with_the_secret_in_their_environment_are_killed(proc, killed):
    add(proc, 11, "HOME=/", MARK, "X=1")
    add(proc, 12, "HOME=/")
    add(proc, 13, f"{MARK} and more")
    add(proc, 14, f"OTHER_{MARK}")
    kill_processes_of_run(SECRET, proc=proc)
    assert killed == [(11, signal.SIGKILL)] * 3
    assert not (proc / "11").exists(), "the function did not wait for its end"


def test_wait_for_a_process_that_does_not_die_is_limited(proc, monkeypatch):
    monkeypatch.setattr(orphans.os, "kill", lambda pid, number: None)
    add(proc, 11, MARK)
    kill_processes_of_run(SECRET, proc=proc, end_time=0.05)


def test_current_process_is_not_killed(proc, killed):
    add(proc, os.getpid(), MARK)
    kill_processes_of_run(SECRET, proc=proc)
    assert killed == []


def test_ended_and_inaccessible_processes_are_skipped(proc, killed):
    (proc / "15").mkdir()
    add(proc, 16)
    kill_processes_of_run(SECRET, proc=proc)
    assert killed == []


@pytest.mark.parametrize("error", [ProcessLookupError, PermissionError])
def test_process_that_cannot_be_killed_does_not_protect_others(proc, monkeypatch, error):
    tried = []

    def kill(pid, number):
        tried.append(pid)
        raise error

    monkeypatch.setattr(orphans.os, "kill", kill)
    add(proc, 11, MARK)
    add(proc, 12, MARK)
    kill_processes_of_run(SECRET, proc=proc)
    assert sorted(tried) == [11, 12]


def test_missing_proc_is_ignored(tmp_path, killed):
    kill_processes_of_run(SECRET, proc=tmp_path / "absent")
    assert killed == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_real_orphan_is_killed():
    secret = uuid.uuid4().hex
    command = [sys.executable, "-c", "print('up', flush=True); input()"]
    environment = {"CONJOIN_SECRET": secret}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        # the kernel may not expose the environment of a new process before it prints this
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        kill_processes_of_run(secret)
        assert process.wait(60) == -signal.SIGKILL
