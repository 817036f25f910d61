"""Rounds of maintenance."""

import asyncio

import pytest

from application.runtime import housekeeping as module
from application.runtime.housekeeping import Housekeeping
from tests.support.runtime_links import Parts


@pytest.fixture
def parts():
    made = Parts(names={"dec_refs"})
    made.connect("head", "monitor")
    return made


def test_queued_callable_runs_once_in_the_next_round(parts):
    runs = []

    async def work():
        runs.append(1)

    async def main():
        housekeeping = Housekeeping(comms=parts.comms, log=parts.log)
        housekeeping.maintenance_queue(work)
        await housekeeping.maintenance()
        await housekeeping.maintenance()
        housekeeping.close()

    asyncio.run(main())
    assert runs == [1]


def test_round_begins_by_itself(parts, monkeypatch):
    monkeypatch.setattr(module, "ROUND", 0.0)

    async def main():
        done = asyncio.Event()

        async def work():
            done.set()

        housekeeping = Housekeeping(comms=parts.comms, log=parts.log)
        housekeeping.maintenance_queue(work)
        await done.wait()

    asyncio.run(main())


def test_error_of_a_queued_callable_is_logged_and_stops_nothing(parts):
    runs = []

    async def fail():
        raise ValueError("no")

    async def work():
        runs.append(1)

    async def main():
        housekeeping = Housekeeping(comms=parts.comms, log=parts.log)
        housekeeping.maintenance_queue(fail)
        housekeeping.maintenance_queue(work)
        await housekeeping.maintenance()
        housekeeping.close()

    asyncio.run(main())
    assert runs == [1]
    assert parts.written == [("error", "head", "maintenance: ValueError: no")]


def test_messages_of_a_round_reach_the_monitor_together(parts):
    async def main():
        housekeeping = Housekeeping(comms=parts.comms, log=parts.log)
        housekeeping.maintenance_msg("dec_refs", {"uid": "a"})
        housekeeping.maintenance_msg("dec_refs", {"uid": "b"})
        await housekeeping.maintenance()
        housekeeping.close()
        await asyncio.sleep(0)

    asyncio.run(main())
    ((host, message),) = parts.link.requests
    assert (host, message.fields) == ("head", {"to": "monitor", "name": "dec_refs"})
    assert parts.packing.unpack(message.payload) == {"msgs": [{"uid": "a"}, {"uid": "b"}]}
