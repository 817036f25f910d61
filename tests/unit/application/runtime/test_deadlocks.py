"""Actors that wait for each other."""

import asyncio

import pytest

from application.runtime import deadlocks as module
from application.runtime.deadlocks import DEADLOCK, WAIT, WAIT_OVER, Deadlocks
from application.runtime.running_task import RunningTask, enter_task
from application.runtime.task import Task
from domain.runtime.payloads import Message
from tests.support.runtime_links import Parts

FIRST, SECOND = "worker:0:0@11111111", "worker:0:1@22222222"


@pytest.fixture
def parts():
    return Parts()


@pytest.fixture
def deadlocks(parts):
    return Deadlocks(correspondence=parts.correspondence, reception=parts.reception)


def call_of(actor):
    """Return a call of an actor."""
    return Task("task:head:1", "Actor.call", owner=None, results=None, actor=actor)


async def wait(deadlocks, waiter, *, inside="a", other="b"):
    """Await a call of an actor inside of another one."""
    enter_task(RunningTask("task:head:0", actor=inside, is_exclusive=True))
    await deadlocks.watch(call_of(other), waiter)


def wait_message(key, actor, other):
    """Return the report of an await."""
    return Message(WAIT, {"key": key, "actor": actor, "other": other, "since": 0.0})


def test_actor_that_waits_for_itself_raises_an_error(deadlocks):
    async def main():
        with pytest.raises(RuntimeError, match="a waits for itself"):
            await wait(deadlocks, asyncio.get_running_loop().create_future(), other="a")

    asyncio.run(main())


def test_short_await_is_not_reported(parts, deadlocks):
    async def main():
        waiter = asyncio.get_running_loop().create_future()
        waiter.set_result(None)
        await wait(deadlocks, waiter)

    asyncio.run(main())
    assert parts.link.requests == []


def test_long_await_is_reported_and_its_end_too(parts, deadlocks, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.0)

    async def main():
        waiter = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(wait(deadlocks, waiter))
        while not parts.link.requests:
            await asyncio.sleep(0.001)
        waiter.set_result(None)
        await waiting
        while len(parts.link.requests) < 2:
            await asyncio.sleep(0.001)

    asyncio.run(main())
    assert [message.kind for _, message in parts.link.requests] == [WAIT, WAIT_OVER]


def test_await_that_closes_a_cycle_is_ended_where_it_began(parts, deadlocks):
    async def main():
        await parts.reception.handle(FIRST, wait_message("1", "a", "b"))
        await parts.reception.handle(SECOND, wait_message("2", "b", "a"))
        while not parts.link.requests:
            await asyncio.sleep(0.001)

    asyncio.run(main())
    ((host, message),) = parts.link.requests
    assert (host, message.kind) == (SECOND, DEADLOCK)
    assert message.fields["text"] == "Actors wait for each other: b → a → b"


def test_await_that_is_over_closes_no_cycle(parts, deadlocks):
    async def main():
        await parts.reception.handle(FIRST, wait_message("1", "a", "b"))
        await parts.reception.handle(FIRST, Message(WAIT_OVER, {"key": "1"}))
        await parts.reception.handle(SECOND, wait_message("2", "b", "a"))
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert parts.link.requests == []
