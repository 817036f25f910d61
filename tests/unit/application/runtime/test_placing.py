"""The choice of workers, as a service."""

import asyncio

import pytest

from application.runtime.placing import Placing
from domain.runtime.hosts import HostUsage
from domain.runtime.payloads import EngineValue, Message
from domain.runtime.placement import strategy
from domain.runtime.stored_uids import value_uid
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
        link=parts.link,
        memory_limit=lambda: 1000,
    )


def choose(service, values=()):
    """Return the worker that is chosen."""
    return asyncio.run(service.ask(values))


@pytest.fixture
def parts():
    made = Parts()
    made.connect(FIRST, SECOND)
    return made


def test_monitor_chooses_by_its_strategy(parts):
    service = placing(parts)
    assert service.is_immediate
    assert [service.select() for _ in range(3)] == [FIRST, SECOND, FIRST]


def test_least_busy_worker_has_the_fewest_tasks(parts):
    parts.link.used = {
        FIRST: HostUsage(FIRST, 0.0, 1, running=1),
        SECOND: HostUsage(SECOND, 0.0, 1),
    }
    service = placing(parts, "least-busy")
    assert not service.is_immediate
    assert choose(service) == SECOND


def test_memory_aware_placement_measures_the_workers(parts):
    parts.link.used = {FIRST: HostUsage(FIRST, 0.0, 900), SECOND: HostUsage(SECOND, 0.0, 100)}
    assert choose(placing(parts, "memory-aware")) == SECOND


def test_data_local_placement_gets_the_values_of_a_worker_that_asks(parts):
    third = "worker:1:0@33333333"
    parts.connect(third)
    placing(parts, "data-local")
    fields = {"values": [value_uid(EngineValue(f"{third}/1", 10))]}
    request = Message("select-worker", fields)
    reply = asyncio.run(parts.reception.handle(SECOND, request))
    assert reply.fields == {"uid": third}


def test_actors_that_are_placed_count(parts):
    service = placing(parts, "least-busy")
    assert [choose(service) for _ in range(3)] == [FIRST, SECOND, FIRST]


def test_plain_uid_that_a_user_chooses_means_the_live_worker(parts):
    assert choose(placing(parts, lambda workers: "worker:0:1")) == SECOND


def test_choice_of_an_unknown_worker_is_an_error(parts):
    with pytest.raises(TaskError, match="'nowhere', which is not a live worker"):
        choose(placing(parts, lambda workers: "nowhere"))


def test_choice_without_workers_is_an_error():
    with pytest.raises(RuntimeDisconnectedError, match="No worker is alive"):
        placing(Parts()).select()


def test_members_of_an_array_wrap_around(parts):
    assert [placing(parts).member_of_array(index) for index in range(3)] == [FIRST, SECOND, FIRST]


def test_worker_asks_the_monitor(parts):
    parts.link.answers["select-worker"] = Message("ok", {"uid": SECOND})
    service = placing(parts, None)
    assert not service.is_immediate
    assert choose(service, [EngineValue("head/1", 10)]) == SECOND
    ((_, request),) = parts.link.requests
    assert request.fields == {"values": ["value:10:head/1"]}


def test_monitor_answers_a_worker(parts):
    placing(parts)
    reply = asyncio.run(parts.reception.handle(SECOND, Message("select-worker", {"values": []})))
    assert reply.fields == {"uid": FIRST}
