"""The queue of an actor."""

import pytest

from domain.runtime.actor_queue import ActorQueue, Cancelled, Start, WakeUp


@pytest.fixture
def queue():
    return ActorQueue()


def arrive(queue, *tasks, caller="head"):
    """Let calls arrive with the numbers in their names."""
    started = []
    for task in tasks:
        started += queue.arrive(task, caller=caller, number=int(task[-1]))
    return [item.task for item in started]


def test_first_call_starts_at_once(queue):
    assert arrive(queue, "a0") == ["a0"]
    assert queue.runs("a0")


def test_one_call_runs_at_a_time(queue):
    arrive(queue, "a0", "a1")
    assert queue.running == ("a0",)
    assert queue.finish("a0") == [Start("a1")]


def test_calls_of_one_caller_start_in_the_order_of_their_numbers(queue):
    assert arrive(queue, "a1", "a2") == []
    assert arrive(queue, "a0") == ["a0"]
    assert queue.finish("a0") == [Start("a1")]
    assert queue.finish("a1") == [Start("a2")]


def test_missing_number_of_one_caller_does_not_block_another(queue):
    arrive(queue, "a1")
    assert arrive(queue, "b0", caller="worker") == ["b0"]


def test_calls_of_several_callers_start_by_arrival(queue):
    arrive(queue, "a0", "a1")
    arrive(queue, "b0", caller="worker")
    arrive(queue, "a2")
    order = [queue.finish(task)[0].task for task in ("a0", "a1", "b0")]
    assert order == ["a1", "b0", "a2"]


def test_duplicate_number_is_rejected(queue):
    arrive(queue, "a0")
    with pytest.raises(ValueError, match="twice"):
        arrive(queue, "b0")


def test_max_concurrency_lets_calls_run_side_by_side():
    queue = ActorQueue(max_concurrency=2)
    assert arrive(queue, "a0", "a1", "a2") == ["a0", "a1"]
    assert queue.finish("a1") == [Start("a2")]


def test_retried_call_keeps_its_place(queue):
    arrive(queue, "a0", "a1")
    assert queue.retry("a0", delay=0.5) == [WakeUp("a0", 0.5)]
    assert not queue.runs("a0")
    assert queue.due("a0") == [Start("a0")]


def test_other_callers_go_on_while_a_retry_is_delayed(queue):
    arrive(queue, "a0", "a1")
    arrive(queue, "b0", caller="worker")
    assert queue.retry("a0", delay=0.5) == [WakeUp("a0", 0.5), Start("b0")]
    assert queue.due("a0") == []
    assert queue.finish("b0") == [Start("a0")]


def test_cancelled_call_that_waits_never_runs(queue):
    arrive(queue, "a0", "a1", "a2")
    assert queue.cancel("a1") == (Cancelled.NEVER_RAN, [])
    assert queue.finish("a0") == [Start("a2")]


def test_cancelled_early_call_does_not_block_the_calls_after_it(queue):
    arrive(queue, "a1", "a2")
    queue.cancel("a1")
    arrive(queue, "a0")
    assert queue.finish("a0") == [Start("a2")]


def test_cancelled_running_call_goes_on(queue):
    arrive(queue, "a0", "a1")
    assert queue.cancel("a0") == (Cancelled.RUNS, [])
    assert queue.running == ("a0",)


def test_cancelling_a_delayed_retry_starts_the_next_call(queue):
    arrive(queue, "a0", "a1")
    queue.retry("a0", delay=1)
    assert queue.cancel("a0") == (Cancelled.NEVER_RAN, [Start("a1")])
    assert queue.due("a0") == []


def test_cancelling_an_unknown_call_reports_it(queue):
    assert queue.cancel("a0") == (Cancelled.UNKNOWN, [])


def test_waiting_calls_of_a_lost_caller_are_removed(queue):
    arrive(queue, "a0", "a1", "a3")
    arrive(queue, "b0", caller="worker")
    assert queue.remove_caller("head") == (["a1", "a3"], [])
    assert queue.finish("a0") == [Start("b0")]
    assert len(queue) == 1


def test_removing_an_unknown_caller_does_nothing(queue):
    assert queue.remove_caller("head") == ([], [])
