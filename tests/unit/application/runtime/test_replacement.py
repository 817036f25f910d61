"""The replacement of lost workers, as a service."""

import asyncio

import pytest

from application.runtime.replacement import END, GIVEN_UP, Replacement
from domain.runtime.errors import EngineError
from domain.runtime.payloads import Message
from tests.support.runtime_links import KILLED, Parts

FIRST, SECOND = "worker:0:0@11111111", "worker:0:1@22222222"
AGAIN = "worker:0:0@33333333"


class Scene:
    """The replacement in the process of the head, with an engine that a test controls."""

    def __init__(self):
        self.parts = Parts()
        self.parts.connect("head", FIRST, SECOND)
        self.replacement = Replacement(
            members=self.parts.members,
            correspondence=self.parts.correspondence,
            reception=self.parts.reception,
            log=self.parts.log,
        )
        self.replaced, self.ended = [], []
        self.error = None

    def start(self, limit):
        """Replace workers from now on."""
        self.replacement.start(replace=self.replace, end=self.end, limit=limit)

    async def replace(self, uid):
        self.replaced.append(uid)
        if self.error is not None:
            raise self.error
        self.parts.connect(AGAIN)

    async def end(self, uid):
        self.ended.append(uid)

    @property
    def texts(self):
        """The texts of the log messages."""
        return [text for _, _, text in self.parts.written]


@pytest.fixture
def scene():
    return Scene()


def test_lost_worker_is_replaced_and_its_successor_found(scene):
    async def main():
        scene.start(limit=1)
        scene.parts.members.disconnect(FIRST, KILLED)
        assert scene.replacement.is_any_expected
        assert await scene.replacement.successor(FIRST) == AGAIN
        await scene.replacement.settled()
        assert not scene.replacement.is_any_expected

    asyncio.run(main())
    assert scene.replaced == [FIRST]


def test_worker_that_is_lost_too_often_is_given_up(scene):
    given_up = []
    scene.replacement.notify(lambda: given_up.append(True))

    async def main():
        scene.start(limit=0)
        scene.parts.members.disconnect(FIRST, KILLED)
        assert await scene.replacement.successor(FIRST) is None
        await scene.replacement.settled()

    asyncio.run(main())
    assert scene.replaced == []
    assert given_up == [True]
    assert [host for host, _ in scene.parts.link.requests] == [SECOND]
    assert scene.texts[-1] == "worker:0:0 was lost 1 times, and is not replaced"


def test_worker_that_cannot_be_started_again_is_given_up(scene):
    scene.error = EngineError("no memory")

    async def main():
        scene.start(limit=1)
        scene.parts.members.disconnect(FIRST, KILLED)
        assert await scene.replacement.successor(FIRST) is None
        await scene.replacement.settled()

    asyncio.run(main())
    assert scene.texts[-1] == "worker:0:0 cannot be started again: no memory"


def test_worker_that_has_ended_its_work_is_not_replaced(scene):
    async def main():
        scene.start(limit=3)
        await scene.replacement.end(FIRST, is_replaced=False)
        scene.parts.members.disconnect(FIRST, KILLED)
        await scene.replacement.settled()

    asyncio.run(main())
    assert scene.ended == [FIRST]
    assert scene.replaced == []


def test_end_of_a_worker_is_requested_from_the_head(scene):
    asyncio.run(scene.replacement.end(SECOND))
    ((host, message),) = scene.parts.link.requests
    assert (host, message.kind) == ("head", END)
    assert message.fields == {"uid": SECOND, "is_replaced": True}


def test_report_of_the_head_ends_the_wait_for_a_successor(scene):
    async def main():
        scene.parts.members.disconnect(FIRST, KILLED)
        waiting = asyncio.ensure_future(scene.replacement.successor(FIRST))
        await asyncio.sleep(0)
        await scene.parts.reception.handle("head", Message(GIVEN_UP, {"uid": "worker:0:0"}))
        assert await waiting is None

    asyncio.run(main())


def test_stop_ends_the_waits_for_successors(scene):
    async def main():
        scene.parts.members.disconnect(FIRST, KILLED)
        waiting = asyncio.ensure_future(scene.replacement.successor(FIRST))
        await asyncio.sleep(0)
        await scene.replacement.stop()
        assert await waiting is None

    asyncio.run(main())
