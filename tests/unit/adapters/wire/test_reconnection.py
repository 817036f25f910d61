from dataclasses import replace

import pytest

from adapters.wire.reconnection import ConnectionState, Reconnection, RetryPolicy
from domain.errors import LocalProtocolError

POLICY = RetryPolicy(give_up_after=10.0, first_pause=1.0, growth=2.0)


@pytest.fixture
def connection() -> Reconnection:
    return Reconnection(POLICY)


def deadline_after_loss(connection: Reconnection, now: float) -> "float | None":
    connection.lost(now)
    return connection.deadline


def open_at(connection: Reconnection, now: float) -> None:
    connection.connected(now)
    connection.opened()


def test_first_connection_is_opened_immediately(connection: Reconnection):
    assert (connection.state, connection.deadline) == (ConnectionState.DISCONNECTED, None)


def test_first_retry_is_immediate_and_pauses_grow(connection: Reconnection):
    deadlines = [deadline_after_loss(connection, 100.0) for _ in range(4)]
    assert deadlines == [100.0, 101.0, 102.0, 104.0]


def test_pauses_are_counted_from_each_failure(connection: Reconnection):
    deadlines = [deadline_after_loss(connection, now) for now in (100.0, 103.0, 105.0)]
    assert deadlines == [100.0, 104.0, 107.0]


def test_retries_end_when_the_next_would_come_too_late(connection: Reconnection):
    connection.lost(100.0)
    connection.lost(100.5)
    assert deadline_after_loss(connection, 108.0) == 110.0
    assert deadline_after_loss(connection, 108.0) is None
    assert connection.state is ConnectionState.LOST


def test_default_policy_retries_for_about_a_minute():
    connection = Reconnection(RetryPolicy())
    times = [0.0]
    while (deadline := deadline_after_loss(connection, times[-1])) is not None:
        times.append(deadline)
    assert 50.0 < times[-1] <= 60.0
    assert 10 < len(times) < 20


@pytest.mark.parametrize("failures", [1, 5])
def test_restart_resets_the_failures(connection: Reconnection, failures: int):
    for _ in range(failures):
        connection.lost(100.0)
    connection.restart()
    assert [deadline_after_loss(connection, 500.0) for _ in range(2)] == [500.0, 501.0]


def test_failure_that_is_not_transient_gives_up_immediately(connection: Reconnection):
    connection.lost(100.0, may_retry=False)
    assert (connection.state, connection.deadline) == (ConnectionState.LOST, None)


def test_opening_has_a_deadline_and_an_open_connection_has_none(connection: Reconnection):
    connection.connected(100.0)
    assert (connection.state, connection.deadline) == (ConnectionState.OPENING, 110.0)
    connection.opened()
    assert (connection.state, connection.deadline) == (ConnectionState.OPEN, None)


def test_failures_while_opening_add_up(connection: Reconnection):
    deadlines = []
    for _ in range(3):
        connection.connected(100.0)
        deadlines.append(deadline_after_loss(connection, 100.0))
    assert deadlines == [100.0, 101.0, 102.0]


def test_connection_that_is_lost_soon_counts_as_a_failure(connection: Reconnection):
    deadlines = []
    for _ in range(3):
        open_at(connection, 100.0)
        deadlines.append(deadline_after_loss(connection, 100.0))
    assert deadlines == [100.0, 101.0, 102.0]


def test_long_lived_connection_restarts_the_retry_time(connection: Reconnection):
    for now in range(0, 1000, 20):
        open_at(connection, now)
        assert deadline_after_loss(connection, now + 11.0) == now + 11.0


def test_second_connection_is_misuse(connection: Reconnection):
    connection.connected(0.0)
    with pytest.raises(LocalProtocolError, match="OPENING"):
        connection.connected(0.0)
    connection.opened()
    with pytest.raises(LocalProtocolError, match="OPEN"):
        connection.connected(0.0)


def test_state_does_not_change_after_the_loss(connection: Reconnection):
    connection.lost(0.0, may_retry=False)
    connection.lost(0.0)
    assert connection.state is ConnectionState.LOST
    with pytest.raises(LocalProtocolError, match="LOST"):
        connection.connected(0.0)


def test_state_does_not_change_after_the_end(connection: Reconnection):
    connection.connected(0.0)
    connection.end()
    connection.opened()
    connection.lost(0.0)
    assert (connection.state, connection.deadline) == (ConnectionState.ENDED, None)
    with pytest.raises(LocalProtocolError, match="ENDED"):
        connection.connected(0.0)


def test_limit_shortens_retries_that_are_under_way():
    connection = Reconnection(RetryPolicy(give_up_after=100.0, first_pause=1.0, growth=1.0))
    assert deadline_after_loss(connection, 0.0) is not None
    connection.limit(2.0, now=10.0)
    assert deadline_after_loss(connection, 11.0) is not None
    assert deadline_after_loss(connection, 11.5) is None
    assert connection.state is ConnectionState.LOST


def test_limit_never_lengthens_retries():
    connection = Reconnection(RetryPolicy(give_up_after=1.0, first_pause=1.0, growth=1.0))
    connection.limit(1000.0, now=0.0)
    assert deadline_after_loss(connection, 0.0) is not None
    assert deadline_after_loss(connection, 0.5) is None


def test_opening_takes_as_long_as_retrying_by_default(connection: Reconnection):
    connection.connected(100.0)
    assert connection.deadline == 110.0


def test_server_that_may_be_suspended_has_more_time_to_open_the_connection():
    connection = Reconnection(replace(POLICY, open_within=1000.0))
    connection.connected(100.0)
    assert connection.deadline == 1100.0
    connection.lost(500.0)
    assert deadline_after_loss(connection, 511.0) is None


def test_limit_also_applies_to_opening():
    connection = Reconnection(replace(POLICY, open_within=1000.0))
    connection.limit(5.0, now=100.0)
    connection.connected(100.0)
    assert connection.deadline == 105.0
