"""Turns of calls that run one after the other."""

import asyncio
from contextlib import nullcontext

import pytest

from application.interfaces.prompt_reply import PromptReply
from application.runtime.running_task import RunningTask
from application.runtime.turns import DirectCall, Turns
from domain.runtime.actor_queue import ActorQueue
from domain.runtime.payloads import Message

CANCELLED = Message("cancelled")


class Bench:
    """Turns, and the direct calls that have begun."""

    def __init__(self):
        self.begun = []
        self.ended = 0
        self.turns = Turns(
            ActorQueue(),
            lock=nullcontext(),
            begin=lambda _turns, call: self.begun.append(call.task),
            ended=self._ended,
        )

    def _ended(self):
        self.ended += 1

    def add(self, task, number, caller="head#1"):
        """Add a direct call."""
        reply = PromptReply(loop=asyncio.get_running_loop())
        call = DirectCall("head", RunningTask(task), task, "row", tuple, reply, 0.0)
        self.turns.add(call, caller=caller, number=number)
        return call

    def wait(self, task, number):
        """Add a call that is a coroutine."""
        turn = self.turns.turn(task, caller="head#1", number=number)
        return asyncio.ensure_future(turn)


def run(test):
    """Run a coroutine function with a bench."""

    async def main():
        await test(Bench())

    asyncio.run(main())


def test_direct_call_begins_when_no_other_runs():
    async def test(bench):
        bench.add("a", 0)
        bench.add("b", 1)
        assert bench.begun == ["a"]
        assert (len(bench.turns), bench.turns.running) == (2, 1)

    run(test)


def test_direct_call_is_followed_by_the_next_on_its_thread():
    async def test(bench):
        first, second = bench.add("a", 0), bench.add("b", 1)
        assert bench.turns.pass_on(first) is second
        bench.turns.settle(first)
        assert bench.begun == ["a"]
        assert bench.turns.pass_on(second) is None
        bench.turns.settle(second)
        assert bench.ended == 2
        assert len(bench.turns) == 0

    run(test)


def test_direct_call_that_was_not_passed_on_lets_the_next_begin():
    async def test(bench):
        first = bench.add("a", 0)
        bench.add("b", 1)
        bench.turns.settle(first)
        assert bench.begun == ["a", "b"]

    run(test)


def test_coroutine_after_a_direct_call_starts_on_the_loop():
    async def test(bench):
        first = bench.add("a", 0)
        waiting = bench.wait("b", 1)
        await asyncio.sleep(0)
        assert bench.turns.pass_on(first) is None
        bench.turns.settle(first)
        await waiting
        bench.add("c", 2)
        assert bench.begun == ["a"]
        bench.turns.finish("b")
        assert bench.begun == ["a", "c"]

    run(test)


def test_call_with_a_used_number_is_refused():
    async def test(bench):
        bench.add("a", 0)
        with pytest.raises(ValueError, match="twice"):
            bench.add("b", 0)
        with pytest.raises(ValueError, match="twice"):
            await bench.wait("c", 0)
        assert len(bench.turns) == 1

    run(test)


def test_cancelled_direct_call_never_runs():
    async def test(bench):
        first, second = bench.add("a", 0), bench.add("b", 1)
        assert not bench.turns.cancel("a", cancelled=CANCELLED)
        assert bench.turns.cancel("b", cancelled=CANCELLED)
        assert await second.reply == CANCELLED
        assert bench.turns.pass_on(first) is None

    run(test)


def test_cancelled_coroutine_never_runs():
    async def test(bench):
        bench.add("a", 0)
        waiting = bench.wait("b", 1)
        await asyncio.sleep(0)
        assert bench.turns.cancel("b", cancelled=CANCELLED)
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(test)


def test_calls_of_a_lost_caller_are_removed():
    async def test(bench):
        first, lost = bench.add("a", 0), bench.add("b", 0, caller="worker#1")
        last = bench.add("c", 1)
        bench.turns.remove_callers("worker#", cancelled=CANCELLED)
        assert await lost.reply == CANCELLED
        assert bench.turns.pass_on(first) is last

    run(test)


def test_retried_call_keeps_its_place():
    async def test(bench):
        await bench.wait("a", 0)
        bench.add("b", 1)
        again = asyncio.ensure_future(bench.turns.turn_again("a", delay=0.0))
        await again
        assert bench.begun == []
        bench.turns.finish("a")
        assert bench.begun == ["b"]

    run(test)
