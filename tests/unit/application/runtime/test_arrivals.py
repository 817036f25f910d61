"""Messages whose proxies are not restored yet."""

import asyncio

import pytest

from application.runtime.arrivals import Arrivals


def test_arrivals_without_open_message_are_settled():
    asyncio.run(Arrivals().settled())


def test_open_message_is_awaited():
    async def main():
        arrivals = Arrivals()
        with arrivals.fetching():
            settled = asyncio.ensure_future(arrivals.settled())
            await asyncio.sleep(0)
            assert not settled.done()
        await settled

    asyncio.run(main())


def test_message_that_cannot_be_fetched_is_not_awaited_any_longer():
    async def main():
        arrivals = Arrivals()
        with pytest.raises(OSError, match="gone"), arrivals.fetching():
            raise OSError("gone")
        await arrivals.settled()

    asyncio.run(main())
