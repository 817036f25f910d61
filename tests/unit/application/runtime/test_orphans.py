"""Objects that a lost process held."""

import asyncio

import pytest

from application.runtime.arrivals import Arrivals
from application.runtime.holdings import Holdings
from application.runtime.loop_calls import LoopCalls
from application.runtime.orphans import SURVEY, Orphans
from application.runtime.residents import ACTOR, Residents
from domain.runtime.payloads import Message
from tests.support.runtime_links import KILLED, Parts

LOST, OTHER, OWN = "worker:0:0@11111111", "worker:0:1@22222222", "worker:0:2@33333333"


class Scene:
    """A worker with an actor that another worker holds."""

    def __init__(self):
        self.parts = Parts(OWN)
        self.parts.connect("head", LOST, OTHER, OWN)
        self.residents, self.arrivals = Residents(), Arrivals()
        holdings = Holdings(
            correspondence=self.parts.correspondence,
            residents=self.residents,
            reception=self.parts.reception,
            calls=LoopCalls(),
        )
        Orphans(
            residents=self.residents,
            holdings=holdings,
            arrivals=self.arrivals,
            members=self.parts.members,
            correspondence=self.parts.correspondence,
            reception=self.parts.reception,
        )
        self.residents.enter(ACTOR, "a", object())
        self.residents.increase(LOST, "a")

    @property
    def is_kept(self):
        """Whether the actor exists."""
        return self.residents.get(ACTOR, "a") is not None

    async def settle(self):
        """Let everything run that can."""
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
def scene():
    return Scene()


def test_object_of_a_lost_holder_is_kept_until_others_have_reported(scene):
    async def main():
        reply = scene.parts.link.answers[SURVEY] = asyncio.get_running_loop().create_future()
        scene.parts.members.disconnect(LOST, KILLED)
        await scene.settle()
        assert scene.is_kept
        assert [host for host, _ in scene.parts.link.requests] == ["head", OTHER]
        reply.set_result(Message("ok"))
        await scene.settle()
        assert not scene.is_kept

    asyncio.run(main())


def test_object_that_another_process_reports_is_kept(scene):
    async def main():
        reply = scene.parts.link.answers[SURVEY] = asyncio.get_running_loop().create_future()
        scene.parts.members.disconnect(LOST, KILLED)
        await scene.settle()
        scene.residents.increase(OTHER, "a")
        reply.set_result(Message("ok"))
        await scene.settle()
        assert scene.is_kept

    asyncio.run(main())


def test_object_in_a_message_that_is_being_fetched_is_kept(scene):
    async def main():
        with scene.arrivals.fetching():
            scene.parts.members.disconnect(LOST, KILLED)
            await scene.settle()
            assert scene.is_kept
        await scene.settle()
        assert not scene.is_kept

    asyncio.run(main())


def test_objects_of_a_disconnected_member_are_released_without_a_survey(scene):
    scene.parts.members.disconnect(LOST)
    assert not scene.is_kept
    assert scene.parts.link.requests == []


def test_loss_of_a_process_that_held_nothing_needs_no_survey(scene):
    async def main():
        scene.parts.members.disconnect(OTHER, KILLED)
        await scene.settle()

    asyncio.run(main())
    assert scene.parts.link.requests == []


def test_survey_is_answered_once_the_loss_is_known_here_too(scene):
    async def main():
        request = Message(SURVEY, {"lost": LOST})
        answer = asyncio.ensure_future(scene.parts.reception.handle("head", request))
        await scene.settle()
        assert not answer.done()
        scene.parts.members.disconnect(LOST, KILLED)
        assert (await answer).kind == "ok"

    asyncio.run(main())
