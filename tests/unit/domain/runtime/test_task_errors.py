"""Errors of tasks."""

import pickle

import pytest

from domain.runtime.hosts import LossKind, LossReason
from domain.runtime.task_errors import (
    DependencyError,
    MemoryOverflowError,
    RemoteError,
    RuntimeDisconnectedError,
    SerialisationError,
    TaskError,
    TaskTimeoutError,
    disconnected,
)

KILLED = LossReason(LossKind.KILLED, "was killed by signal 9 (SIGKILL)", signal=9)


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        (RemoteError, RuntimeError),
        (DependencyError, RuntimeError),
        (RuntimeDisconnectedError, RuntimeError),
        (TaskTimeoutError, TimeoutError),
        (MemoryOverflowError, MemoryError),
        (SerialisationError, TypeError),
    ],
)
def test_task_error_is_also_a_built_in_error(kind, other):
    assert issubclass(kind, TaskError)
    assert issubclass(kind, other)


@pytest.mark.parametrize(
    "error",
    [
        TaskError("text", uid="u", task="t", worker="w"),
        RemoteError("text", type_name="ValueError", traceback="frames"),
        disconnected("worker:0:1", KILLED, uid="u", task="t"),
        TaskTimeoutError("late", uid="u"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_task_error_survives_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_disconnection_names_worker_reason_and_task():
    text = str(disconnected("worker:0:1", KILLED, task="Counter.add"))
    assert text == (
        "worker:0:1 is gone: it was killed by signal 9 (SIGKILL), while it had task Counter.add"
    )


def test_disconnection_gives_the_number_of_lost_workers():
    assert "3 workers have died" in str(disconnected("worker:0:1", None, lost_workers=3))


def test_disconnection_ends_with_the_last_lines_on_standard_error():
    reason = LossReason(LossKind.EXITED, "exited with code 3", last_lines=("one", "two"))
    assert str(disconnected("worker:0:1", reason)).endswith("standard error:\none\ntwo")
