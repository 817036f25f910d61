"""The coroutine of the user."""

import asyncio

import pytest

from application.runtime.driving import Drive
from application.runtime.log_names import Failures


def drive(main, failures):
    """Run a coroutine as the head does."""

    async def whole():
        return await Drive(failures).run(main)

    return asyncio.run(whole())


def test_result_of_the_coroutine_is_returned():
    async def main():
        await asyncio.sleep(0)
        return 3

    assert drive(main(), Failures()) == 3


def test_error_of_the_coroutine_is_raised():
    async def main():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        drive(main(), Failures())


def test_failure_is_raised_at_the_next_await():
    failures = Failures()

    async def main():
        failures.add(ValueError("outside"))
        with pytest.raises(ValueError, match="outside"):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "went on"

    assert drive(main(), failures) == "went on"


def test_failure_ends_an_await_that_has_begun():
    failures = Failures()

    async def main():
        asyncio.get_running_loop().call_soon(failures.add, ValueError("outside"))
        with pytest.raises(ValueError, match="outside"):
            await asyncio.get_running_loop().create_future()
        return "went on"

    assert drive(main(), failures) == "went on"


def test_cancellation_without_failure_is_passed_on():
    async def main():
        await asyncio.get_running_loop().create_future()

    async def whole():
        task = asyncio.ensure_future(Drive(Failures()).run(main()))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(whole())
