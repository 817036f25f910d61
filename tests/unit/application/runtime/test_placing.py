"""The choice of workers, as a service."""

import asyncio

import pytest

from application.runtime.placing import Placing
from domain.runtime.payloads import Message
from domain.runtime.placement import strategy
from domain.runtime.task_errors import RuntimeDisconnectedError, TaskError
from tests.support.runtime_links import Parts

FIRST, SECOND = "worker:0:0@11111111", "worker:0:1@22222222"


def placing(parts, chosen="round-robin"):
    """Return the service of the monitor; with None, that of a worker."""
    return Placing(
        members=parts.members,
        correspondence=parts.correspondence,
        reception=parts.reception,
        strategy=None if chosen is None else strategy(chosen),
    )


@pytest.fixture
def parts():
    made = Parts()
    made.connect(FIRST, SECOND)
    return made


def test_monitor_chooses_by_its_strategy(parts):
    service = placing(parts)
    assert service.is_here
    assert [service.select() for _ in range(3)] == [FIRST, SECOND, FIRST]


def test_least_busy_worker_has_the_fewest_tasks_and_actors(parts):
    service = placing(parts, "least-busy")
    service.count(FIRST, tasks=1)
    assert service.select() == SECOND


def test_plain_uid_that_a_user_chooses_means_the_live_worker(parts):
    assert placing(parts, lambda workers: "worker:0:1").select() == SECOND


def test_choice_of_an_unknown_worker_is_an_error(parts):
    with pytest.raises(TaskError, match="'nowhere', which is not a live worker"):
        placing(parts, lambda workers: "nowhere").select()


def test_choice_without_workers_is_an_error():
    with pytest.raises(RuntimeDisconnectedError, match="No worker is alive"):
        placing(Parts()).select()


def test_members_of_an_array_wrap_around(parts):
    assert [placing(parts).member_of_array(index) for index in range(3)] == [FIRST, SECOND, FIRST]


def test_worker_asks_the_monitor(parts):
    parts.link.answers["select-worker"] = Message("ok", {"uid": SECOND})
    service = placing(parts, None)
    assert not service.is_here
    assert asyncio.run(service.ask()) == SECOND


def test_monitor_answers_a_worker(parts):
    placing(parts)
    reply = asyncio.run(parts.reception.handle(SECOND, Message("select-worker")))
    assert reply.fields == {"uid": FIRST}
