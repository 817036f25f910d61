"""Signals that stop a run, or the program before the run."""

import os
import signal
import subprocess
import sys

import pytest

from entrypoints._command_line.stop_signals import StoppedEarly, StopSignals


def test_signal_before_the_run_ends_the_program():
    with StopSignals(), pytest.raises(StoppedEarly, match="SIGTERM"):
        os.kill(os.getpid(), signal.SIGTERM)


def test_signal_stops_the_run_with_a_reason():
    reasons: list[str] = []
    with StopSignals() as signals:
        signals.call(reasons.append)
        os.kill(os.getpid(), signal.SIGINT)
    assert reasons == ["The run was stopped by Ctrl-C (SIGINT)."]


def test_signal_handlers_are_restored_afterwards():
    old = signal.getsignal(signal.SIGINT)
    with StopSignals():
        assert signal.getsignal(signal.SIGINT) != old
    assert signal.getsignal(signal.SIGINT) == old


def test_ignored_signal_stays_ignored():
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            signals.call(pytest.fail)
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, old)


def test_sigterm_can_have_a_separate_callback():
    stopped: list[str] = []
    asked: list[str] = []
    with StopSignals() as signals:
        signals.call(stopped.append, on_term=asked.append)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert asked[0].startswith("The run was stopped by SIGTERM")
    assert stopped == ["The run was stopped by Ctrl-C (SIGINT)."]


def test_signal_is_deferred_until_there_is_a_run_to_stop():
    stopped: list[str] = []
    with StopSignals() as signals:
        signals.defer()
        os.kill(os.getpid(), signal.SIGTERM)
        signals.call(pytest.fail, on_term=stopped.append)
    assert stopped[0].startswith("The run was stopped by SIGTERM")


def test_second_deferred_signal_ends_the_process():
    code = f"""
import os, signal
from {StopSignals.__module__} import StopSignals
with StopSignals() as signals:
    signals.defer()
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
"""
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "The run was stopped by Ctrl-C (SIGINT).\n"


def test_signals_are_ignored_until_the_process_ends():
    old = signal.getsignal(signal.SIGTERM)
    try:
        with StopSignals() as signals:
            signals.call(pytest.fail)
            signals.ignore()
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, old if number != signal.SIGINT else signal.default_int_handler)
