"""Signals stop a run, or what there is before it."""

import os
import signal

import pytest

from entrypoints._command_line.stop_signals import StoppedEarly, StopSignals


def test_before_there_is_a_run_a_signal_ends_the_program():
    with StopSignals(), pytest.raises(StoppedEarly, match="SIGTERM"):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_run_is_told_why_it_is_stopped():
    reasons: list[str] = []
    with StopSignals() as signals:
        signals.call(reasons.append)
        os.kill(os.getpid(), signal.SIGINT)
    assert reasons == ["The run was stopped by Ctrl-C (SIGINT)."]


def test_afterwards_signals_do_what_they_did_before():
    old = signal.getsignal(signal.SIGINT)
    with StopSignals():
        assert signal.getsignal(signal.SIGINT) != old
    assert signal.getsignal(signal.SIGINT) == old


def test_what_is_ignored_stays_ignored():
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            signals.call(pytest.fail)
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, old)


def test_sigterm_may_have_an_answer_of_its_own():
    stopped: list[str] = []
    asked: list[str] = []
    with StopSignals() as signals:
        signals.call(stopped.append, on_term=asked.append)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert asked[0].startswith("The run was stopped by SIGTERM")
    assert stopped == ["The run was stopped by Ctrl-C (SIGINT)."]
