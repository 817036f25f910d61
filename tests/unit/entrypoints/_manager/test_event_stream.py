"""The events of a run as an asynchronous iterator."""

import asyncio
import threading

import pytest

from adapters.callbacks.event_dispatcher import CallbackEventSink
from domain.running.events import InstanceRegistered, InstanceStarted, RunFinished
from entrypoints._manager.event_stream import EventStream

STARTED, REGISTERED = InstanceStarted("a", "n"), InstanceRegistered("a")
DONE = RunFinished(succeeded=True)


@pytest.fixture
def sink():
    sink = CallbackEventSink(on_error=pytest.fail)
    yield sink
    sink.close()


async def received(stream):
    return await asyncio.wait_for(_all(stream), 60)


async def _all(stream):
    return [event async for event in stream]


def test_events_of_another_thread_are_yielded_until_the_run_is_over(sink):
    async def run():
        stream = EventStream(sink.subscribe, result=None)
        thread = threading.Thread(
            target=lambda: [sink.notify(event) for event in (STARTED, REGISTERED, DONE, STARTED)]
        )
        thread.start()
        found = await received(stream)
        thread.join()
        return found, await received(stream)

    assert asyncio.run(run()) == ([STARTED, REGISTERED, DONE], [])


def test_event_stream_has_the_events_before_the_first_await(sink):
    async def run():
        stream = EventStream(sink.subscribe, result=None)
        sink.notify(STARTED)
        sink.notify(DONE)
        return await received(stream)

    assert asyncio.run(run()) == [STARTED, DONE]


def test_event_stream_ends_if_the_manager_is_closed_without_a_result(sink):
    async def run():
        stream = EventStream(sink.subscribe, result=None)
        sink.notify(STARTED)
        await asyncio.to_thread(sink.close)
        return await received(stream)

    assert asyncio.run(run()) == [STARTED]


def test_event_stream_of_a_finished_run_has_the_result_only(sink):
    async def run():
        return await received(EventStream(sink.subscribe, result=DONE))

    assert asyncio.run(run()) == [DONE]


def test_closed_event_stream_yields_nothing_more(sink):
    async def run():
        stream = EventStream(sink.subscribe, result=None)
        await stream.aclose()
        sink.notify(STARTED)
        return await received(stream)

    assert asyncio.run(run()) == []


def test_events_after_the_end_of_the_loop_are_dropped(sink):
    async def create():
        return EventStream(sink.subscribe, result=None)

    stream = asyncio.run(create())
    sink.notify(STARTED)
    sink.close()
    assert stream is not None


def test_event_stream_outside_of_an_event_loop_is_rejected(sink):
    with pytest.raises(RuntimeError, match="no running event loop"):
        EventStream(sink.subscribe, result=None)
