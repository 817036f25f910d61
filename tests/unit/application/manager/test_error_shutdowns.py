"""Detection of error shutdowns, with traces of real MUSCLE3 instances."""

import pytest

from application.manager.error_shutdowns import ErrorShutdowns
from domain.coupling.messages import LogRecord
from domain.running.profiling import ProfileEvent, ProfileEventType
from domain.running.profiling import ProfileEventType as Type

END_OF_LOOP = (Type.SHUTDOWN_WAIT, Type.DISCONNECT_WAIT, Type.SHUTDOWN, Type.DEREGISTER)
ERROR = (Type.DISCONNECT_WAIT, Type.SHUTDOWN, Type.DEREGISTER)
WITHOUT_PROFILING = (Type.DEREGISTER,)
WARNING, CRITICAL = 30, 50


@pytest.fixture
def shutdowns():
    made = ErrorShutdowns()
    made.watch("micro")
    return made


def log(shutdowns: ErrorShutdowns, text: str, time: float, level: int = CRITICAL) -> None:
    shutdowns.note_log(LogRecord("micro", time, level, text))


def do(shutdowns: ErrorShutdowns, *types: ProfileEventType, at: float) -> None:
    """Record events of an instance at a time, in seconds."""
    start = int(at * 1e9)
    shutdowns.note_events("micro", [ProfileEvent(what, start, start + 1) for what in types])


def test_critical_message_before_an_early_shutdown_is_an_error(shutdowns):
    do(shutdowns, Type.REGISTER, Type.CONNECT, Type.RECEIVE, at=1.0)
    log(shutdowns, "inside out", 2.0)
    do(shutdowns, *ERROR, at=2.1)
    assert shutdowns.error_of("micro") == "inside out"


def test_late_events_from_before_the_critical_message_are_ignored(shutdowns):
    log(shutdowns, "inside out", 2.0)
    do(shutdowns, Type.RECEIVE, Type.SEND, at=1.0)
    do(shutdowns, *ERROR, at=2.1)
    assert shutdowns.error_of("micro") == "inside out"


def test_critical_message_before_the_end_of_the_reuse_loop_is_not_an_error(shutdowns):
    log(shutdowns, "logged by the model", 2.0)
    do(shutdowns, *END_OF_LOOP, at=2.1)
    assert shutdowns.error_of("micro") is None


@pytest.mark.parametrize("what", [Type.SEND, Type.RECEIVE])
def test_critical_message_before_another_exchange_is_not_an_error(shutdowns, what):
    """MUSCLE3 0.10 records no SHUTDOWN_WAIT for an instance without F_INIT ports."""
    log(shutdowns, "logged by the model", 2.0)
    do(shutdowns, what, at=3.0)
    do(shutdowns, *ERROR, at=4.0)
    assert shutdowns.error_of("micro") is None


def test_last_critical_message_is_the_error(shutdowns):
    log(shutdowns, "logged by the model", 2.0)
    do(shutdowns, Type.SEND, at=3.0)
    log(shutdowns, "inside out", 4.0)
    do(shutdowns, *ERROR, at=4.1)
    assert shutdowns.error_of("micro") == "inside out"


def test_early_shutdown_without_a_critical_message_is_not_an_error(shutdowns):
    log(shutdowns, "hm", 2.0, WARNING)
    do(shutdowns, *ERROR, at=2.1)
    assert shutdowns.error_of("micro") is None


def test_no_error_is_detected_without_profiling(shutdowns):
    log(shutdowns, "logged by the library or the model", 2.0)
    do(shutdowns, *WITHOUT_PROFILING, at=2.1)
    assert shutdowns.error_of("micro") is None


def test_registering_again_resets_the_detection(shutdowns):
    log(shutdowns, "inside out", 2.0)
    do(shutdowns, *ERROR, at=2.1)
    shutdowns.watch("micro")
    do(shutdowns, *ERROR, at=3.0)
    assert shutdowns.error_of("micro") is None


def test_no_error_is_detected_for_an_unwatched_instance():
    shutdowns = ErrorShutdowns()
    log(shutdowns, "inside out", 2.0)
    do(shutdowns, *ERROR, at=2.1)
    assert shutdowns.error_of("micro") is None
