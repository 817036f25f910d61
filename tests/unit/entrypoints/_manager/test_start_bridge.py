"""A start on the services' thread, for which the caller waits."""

import threading

import pytest

from domain.errors import RunError, UsageError
from entrypoints._manager.start_bridge import StartBridge
from tests.support.conditions import PATIENCE


class ImmediateScheduler:
    """A scheduler that makes calls immediately."""

    def call_soon(self, callback):
        callback()


def test_caller_waits_until_the_start_is_over():
    calls, waiting = [], threading.Event()

    def start(*, started, failed):
        calls.append(started)
        waiting.set()

    bridge = StartBridge()
    thread = threading.Thread(
        target=bridge.run, args=(start,), kwargs={"scheduler": ImmediateScheduler()}
    )
    thread.start()
    assert waiting.wait(PATIENCE)
    assert thread.is_alive()
    calls[0]()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_failure_is_raised_on_the_callers_thread():
    with pytest.raises(RunError, match="no agent"):
        StartBridge().run(
            lambda *, started, failed: failed(RunError("no agent")), scheduler=ImmediateScheduler()
        )


def test_exception_in_the_start_is_raised_on_the_callers_thread():
    with pytest.raises(ZeroDivisionError):
        StartBridge().run(lambda *, started, failed: 1 / 0, scheduler=ImmediateScheduler())


def test_error_of_the_operating_system_in_the_start_is_a_sentence():
    full = OSError(28, "No space left on device", "/run/run_script.sh")
    with pytest.raises(RunError, match=r"could not be started: '/run/run_script\.sh': No space"):
        StartBridge().run(lambda *, started, failed: failed(full), scheduler=ImmediateScheduler())


def test_abandoned_start_is_not_waited_for():
    bridge = StartBridge()
    bridge.abandon()
    bridge.run(lambda *, started, failed: None, scheduler=ImmediateScheduler())


def test_second_start_is_rejected():
    bridge = StartBridge()
    bridge.begin()
    with pytest.raises(UsageError, match="called twice"):
        bridge.begin()
