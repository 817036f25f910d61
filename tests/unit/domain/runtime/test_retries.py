"""When a failed task runs again."""

import pytest

from domain.runtime.retries import Attempts, retry_delay


@pytest.mark.parametrize(
    ("attempt", "delay"), [(1, 0.1), (2, 0.2), (3, 0.4), (8, 10), (10_000, 10)]
)
def test_retry_delay_doubles_up_to_a_limit(attempt, delay):
    assert retry_delay(attempt) == pytest.approx(delay)


def test_no_retry_by_default():
    assert Attempts().fail() is None


def test_errors_and_lost_workers_count_together():
    attempts = Attempts(max_retries=2)
    assert attempts.fail() is not None
    assert attempts.lose_worker() is not None
    assert attempts.fail() is None
    assert attempts.failed == 3


def test_task_that_cost_three_workers_is_not_retried():
    attempts = Attempts(max_retries=10)
    assert attempts.lose_worker() is not None
    assert attempts.lose_worker() is not None
    assert attempts.lose_worker() is None
    assert attempts.lost_workers == 3
