"""What peers write in the log, and errors that belong to no call."""

import pytest

from application.runtime.log import RuntimeLog
from application.runtime.log_names import Failures, LogNames


@pytest.fixture
def written():
    return []


@pytest.fixture
def failures():
    return Failures()


@pytest.fixture
def names(written, failures):
    log = RuntimeLog(uid="head", level="debug", sink=lambda *entry: written.append(entry))
    return LogNames(log=log, failures=failures)


@pytest.mark.parametrize("level", ["debug", "info", "perf", "warning", "error"])
def test_text_of_a_peer_is_written_under_its_uid(names, written, level):
    getattr(names, f"log_{level}")("worker:0:1", "text")
    assert written == [(level, "worker:0:1", "text")]


def test_error_without_call_is_logged_and_kept(names, written, failures):
    error = ValueError("no")
    names.raise_exception("worker:0:1", (ValueError, error, None))
    assert written == [("error", "worker:0:1", "ValueError: no")]
    assert failures.take() is error
    assert failures.take() is None


def test_failure_is_reported(failures):
    called = []
    failures.notify(lambda: called.append(1))
    failures.add(ValueError())
    assert called == [1]
