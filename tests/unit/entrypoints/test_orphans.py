"""Tests of the program that kills what an agent has left."""

import os
import subprocess
import sys


def run(secret: str) -> int:
    command = [sys.executable, "-m", "entrypoints.orphans"]
    return subprocess.run(command, input=f"{secret}\n", text=True).returncode


def test_processes_with_the_secret_are_killed_and_no_others():
    environments = [{"CONJOIN_SECRET": secret} for secret in ("one of a test", "other of a test")]
    mine, other = (
        subprocess.Popen(["sleep", "1000"], env={**os.environ, **variables})
        for variables in environments
    )
    assert run("one of a test") == 0
    assert mine.wait() == -9
    assert other.poll() is None
    other.kill()
    other.wait()


def test_missing_secret_kills_nothing():
    assert run("") == 2
