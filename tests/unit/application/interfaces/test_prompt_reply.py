"""Futures that call back at once."""

import asyncio

import pytest

from application.interfaces.prompt_reply import PromptReply, follow
from domain.runtime.payloads import Message

REPLY = Message("ok")


def run(test):
    """Run a function with a reply, and a list that collects what is done."""

    async def main():
        reply, done = PromptReply(loop=asyncio.get_running_loop()), []
        await test(reply, done)

    asyncio.run(main())


@pytest.mark.parametrize(
    "end",
    [
        lambda reply: reply.set_result(REPLY),
        lambda reply: reply.set_exception(ValueError("no")),
        lambda reply: reply.cancel(),
    ],
    ids=["result", "error", "cancellation"],
)
def test_end_calls_back_in_the_same_step(end):
    async def test(reply, done):
        follow(reply, done.append)
        end(reply)
        assert done == [reply]
        assert reply.cancelled() or reply.exception() or reply.result() == REPLY

    run(test)


def test_reply_that_is_done_calls_back_soon():
    async def test(reply, done):
        reply.set_result(REPLY)
        follow(reply, done.append)
        assert done == []
        await asyncio.sleep(0)
        assert done == [reply]

    run(test)


def test_reply_can_be_awaited():
    async def test(reply, _done):
        asyncio.get_running_loop().call_soon(reply.set_result, REPLY)
        assert await reply == REPLY

    run(test)


def test_error_of_a_callback_does_not_reach_the_setter():
    async def test(reply, done):
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: done.append(context["exception"])
        )
        error = ValueError("no")

        def fail(_reply):
            raise error

        follow(reply, fail)
        reply.set_result(REPLY)
        assert done == [error]

    run(test)


def test_other_futures_call_back_in_the_next_step():
    async def test(_reply, done):
        other = asyncio.get_running_loop().create_future()
        follow(other, done.append)
        other.set_result(REPLY)
        assert done == []
        await asyncio.sleep(0)
        assert done == [other]

    run(test)
