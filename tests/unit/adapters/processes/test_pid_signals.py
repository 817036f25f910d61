"""Signals reach only the process that is meant."""

import os
import signal
import subprocess
import sys

import pytest

from adapters.processes.pid_signals import send_if

SLEEPER = (sys.executable, "-c", "import time; time.sleep(1000)")


@pytest.fixture(params=["pidfd", "without pidfd"])
def sleeper(request, monkeypatch):
    if request.param == "without pidfd":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    with subprocess.Popen(SLEEPER) as process:
        yield process
        process.kill()


def test_signal_is_sent_to_the_process_that_is_meant(sleeper):
    assert send_if(sleeper.pid, signal.SIGTERM, is_meant=lambda: True)
    assert sleeper.wait(60) == -signal.SIGTERM


def test_signal_is_not_sent_if_the_process_id_was_reused(sleeper):
    assert not send_if(sleeper.pid, signal.SIGTERM, is_meant=lambda: False)
    assert sleeper.poll() is None


def test_signal_to_a_missing_process_is_not_sent(sleeper):
    sleeper.kill()
    sleeper.wait(60)
    assert not send_if(sleeper.pid, signal.SIGTERM, is_meant=lambda: True)
