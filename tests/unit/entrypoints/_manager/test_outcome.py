"""Waiting for the end of a run."""

import asyncio
import threading

from domain.running.events import RunFinished
from entrypoints._manager.outcome import Outcome

DONE = RunFinished(succeeded=True)
OTHER = RunFinished(succeeded=False, cause="too late")


def test_result_is_initially_unknown():
    outcome = Outcome()
    assert outcome.result is None
    assert outcome.wait(0) is None


def test_first_result_is_kept():
    outcome = Outcome()
    assert outcome.settle(DONE)
    assert not outcome.settle(OTHER)
    assert outcome.wait(0) is DONE


def test_waiting_thread_is_notified():
    outcome, found = Outcome(), []
    thread = threading.Thread(target=lambda: found.append(outcome.wait(60)))
    thread.start()
    outcome.settle(DONE)
    thread.join(60)
    assert found == [DONE]


def test_wait_for_a_known_result_returns_immediately():
    outcome = Outcome()
    outcome.settle(DONE)
    assert asyncio.run(outcome.wait_in_loop()) is DONE


def test_event_loop_is_notified_by_another_thread():
    outcome = Outcome()

    async def wait():
        task = asyncio.create_task(outcome.wait_in_loop())
        await asyncio.sleep(0)
        thread = threading.Thread(target=outcome.settle, args=(DONE,))
        thread.start()
        result = await asyncio.wait_for(task, 60)
        thread.join(60)
        return result

    assert asyncio.run(wait()) is DONE


def test_result_set_during_the_start_of_a_wait_is_not_missed():
    async def wait(outcome):
        return await asyncio.wait_for(outcome.wait_in_loop(), 60)

    for _ in range(200):
        outcome = Outcome()
        thread = threading.Thread(target=outcome.settle, args=(DONE,))
        thread.start()
        assert asyncio.run(wait(outcome)) is DONE
        thread.join(60)
