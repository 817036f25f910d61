"""References of this process to objects in others."""

import asyncio
import gc

import pytest

from application.runtime.holdings import REFERENCES, Holdings
from application.runtime.loop_calls import LoopCalls
from application.runtime.residents import ACTOR, Residents
from domain.runtime.payloads import Message
from tests.support.runtime_links import Parts

HOME, OTHER = "worker:0:0@11111111", "worker:0:1@22222222"


class Proxy:
    """A proxy."""


class Scene:
    """The holdings of a process."""

    def __init__(self):
        self.parts = Parts()
        self.residents, self.calls = Residents(), LoopCalls()
        self.holdings = Holdings(
            correspondence=self.parts.correspondence,
            residents=self.residents,
            reception=self.parts.reception,
            calls=self.calls,
        )

    def run(self, main):
        """Run a coroutine function."""

        async def opened():
            self.calls.open(asyncio.get_running_loop())
            await main()

        asyncio.run(opened())

    async def collect(self):
        """Collect garbage, and send what follows from it."""
        gc.collect()
        await asyncio.sleep(0)
        await self.holdings.reported()

    @property
    def reports(self):
        """The reports that were sent: the process and the change."""
        return [(host, item.fields["change"]) for host, item in self.parts.link.requests]


@pytest.fixture
def scene():
    return Scene()


def test_first_and_last_proxy_of_an_object_are_reported(scene):
    async def main():
        first, second = Proxy(), Proxy()
        scene.holdings.acquire(first, "a", HOME)
        scene.holdings.acquire(second, "a", HOME)
        del first
        await scene.collect()
        assert scene.reports == [(HOME, 1)]
        del second
        await scene.collect()

    scene.run(main)
    assert scene.reports == [(HOME, 1), (HOME, -1)]


def test_object_that_its_process_has_counted_is_not_reported(scene):
    async def main():
        proxy = Proxy()
        scene.holdings.acquire(proxy, "a", HOME, is_counted=True)
        await scene.holdings.reported()
        assert scene.reports == []

    scene.run(main)


def test_object_that_has_moved_is_given_up_in_its_new_process(scene):
    async def main():
        proxy = Proxy()
        scene.holdings.acquire(proxy, "a", HOME)
        scene.holdings.move("a", OTHER, is_counted=False)
        del proxy
        await scene.collect()

    scene.run(main)
    assert scene.reports == [(HOME, 1), (OTHER, 1), (OTHER, -1)]


def test_release_is_reported_after_the_hold_has_arrived(scene):
    async def main():
        arrival = scene.parts.link.answers[REFERENCES] = asyncio.get_running_loop().create_future()
        proxy = Proxy()
        scene.holdings.acquire(proxy, "a", HOME)
        del proxy
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)
        assert scene.reports == [(HOME, 1)]
        arrival.set_result(Message("ok"))
        await scene.collect()
        assert scene.reports == [(HOME, 1), (HOME, -1)]

    scene.run(main)


def test_reports_of_others_are_counted(scene):
    scene.residents.enter(ACTOR, "a", object())

    async def main():
        for change in (1, 1, -1):
            message = Message(REFERENCES, {"uid": "a", "change": change})
            assert (await scene.parts.reception.handle(OTHER, message)).kind == "ok"

    scene.run(main)
    assert scene.residents.total("a") == 1
