"""Runs that are repeated after errors."""

import asyncio

import pytest

from application.runtime.retried_run import retried_run
from domain.runtime.retries import Attempts
from domain.runtime.task_errors import RemoteError


def run(outcomes, *, retries=0, retry_on=None, waits=None):
    """Run what ends in one outcome after the other."""
    left = list(outcomes)

    async def act():
        outcome = left.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def wait(delay):
        if waits is not None:
            waits.append(delay)

    return asyncio.run(
        retried_run(act, name="f", attempts=Attempts(retries), retry_on=retry_on, wait=wait)
    )


def test_result_is_returned():
    assert run([3]) == 3


def test_error_is_raised_without_retries():
    with pytest.raises(ValueError, match="no"):
        run([ValueError("no"), 3])


def test_run_is_repeated_after_growing_delays():
    waits = []
    assert run([ValueError(), ValueError(), 3], retries=2, waits=waits) == 3
    assert waits == [0.1, 0.2]


def test_run_is_not_repeated_on_other_errors():
    with pytest.raises(ValueError, match="no"):
        run([ValueError("no"), 3], retries=2, retry_on=(OSError,))


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_exit_is_a_remote_error_and_not_retried(error):
    with pytest.raises(RemoteError, match=type(error).__name__):
        run([error, 3], retries=2)
