import pytest

from adapters.wire.retries import Retries, RetryPolicy

POLICY = RetryPolicy(give_up_after=10.0, first_pause=1.0, growth=2.0)


def test_first_retry_follows_at_once_and_pauses_grow():
    retries = Retries(POLICY)
    assert [retries.next_try(100.0) for _ in range(4)] == [100.0, 101.0, 102.0, 104.0]


def test_pauses_are_counted_from_each_failure():
    retries = Retries(POLICY)
    assert [retries.next_try(now) for now in (100.0, 103.0, 105.0)] == [100.0, 104.0, 107.0]


def test_retries_end_when_the_next_would_come_too_late():
    retries = Retries(POLICY)
    retries.next_try(100.0)
    retries.next_try(100.5)
    assert retries.next_try(108.0) == 110.0
    assert retries.next_try(108.0) is None


def test_default_policy_retries_for_about_a_minute():
    retries = Retries(RetryPolicy())
    times = [0.0]
    while (next_try := retries.next_try(times[-1])) is not None:
        times.append(next_try)
    assert 50.0 < times[-1] <= 60.0
    assert 10 < len(times) < 20


@pytest.mark.parametrize("failures", [1, 5])
def test_reset_forgets_all_failures(failures: int):
    retries = Retries(POLICY)
    for _ in range(failures):
        retries.next_try(100.0)
    retries.reset()
    assert [retries.next_try(500.0) for _ in range(2)] == [500.0, 501.0]
