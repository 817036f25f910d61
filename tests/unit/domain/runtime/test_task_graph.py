"""The graph of tasks that have not ended."""

import pytest

from domain.runtime.task_graph import Dispatch, EndDependent, TaskGraph
from domain.runtime.task_states import TaskState

DONE, FAILED, CANCELLED = TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED


@pytest.fixture
def graph():
    return TaskGraph()


def test_task_without_needs_is_dispatched_at_once(graph):
    assert graph.add("a", lane=None, needs=()) == [Dispatch("a")]
    assert graph.state("a") is TaskState.QUEUED


def test_task_with_needs_is_dispatched_when_the_last_need_is_done(graph):
    graph.add("a", lane=None, needs=["x", "y"])
    assert graph.settle("x", DONE) == []
    assert graph.state("a") is TaskState.PENDING
    assert graph.settle("y", DONE) == [Dispatch("a")]


def test_started_task_is_running(graph):
    graph.add("a", lane=None, needs=())
    graph.start("a")
    assert graph.state("a") is TaskState.RUNNING


def test_start_of_an_ended_task_is_ignored(graph):
    graph.add("a", lane=None, needs=())
    graph.settle("a", DONE)
    graph.start("a")
    assert "a" not in graph


def test_lane_dispatches_tasks_in_order_whatever_they_need(graph):
    graph.add("a", lane="actor", needs=["x"])
    assert graph.add("b", lane="actor", needs=()) == []
    assert graph.settle("x", DONE) == [Dispatch("a"), Dispatch("b")]


def test_lanes_do_not_wait_for_each_other(graph):
    graph.add("a", lane="one", needs=["x"])
    assert graph.add("b", lane="two", needs=()) == [Dispatch("b")]


def test_lane_goes_on_after_a_failed_need_of_its_first_task(graph):
    graph.add("a", lane="actor", needs=["x"])
    graph.add("b", lane="actor", needs=())
    assert graph.settle("x", FAILED) == [EndDependent("a", FAILED, "x"), Dispatch("b")]


def test_failure_ends_dependents_of_dependents(graph):
    graph.add("a", lane=None, needs=())
    graph.add("b", lane=None, needs=["a"])
    graph.add("c", lane=None, needs=["b"])
    assert graph.settle("a", FAILED) == [
        EndDependent("b", FAILED, "a"),
        EndDependent("c", FAILED, "b"),
    ]
    assert len(graph) == 0


def test_cancellation_cancels_dependents(graph):
    graph.add("b", lane=None, needs=["a"])
    assert graph.settle("a", CANCELLED) == [EndDependent("b", CANCELLED, "a")]


def test_dependent_of_two_failures_ends_once(graph):
    graph.add("c", lane=None, needs=["a", "b"])
    assert graph.settle("a", FAILED) == [EndDependent("c", FAILED, "a")]
    assert graph.settle("b", FAILED) == []


def test_window_limits_the_dispatched_tasks_of_a_lane(graph):
    graph.limit("actor", 1)
    assert graph.add("a", lane="actor", needs=()) == [Dispatch("a")]
    assert graph.add("b", lane="actor", needs=()) == []
    assert graph.settle("a", DONE) == [Dispatch("b")]


def test_held_lane_dispatches_nothing_until_it_is_released(graph):
    graph.hold("actor")
    assert graph.add("a", lane="actor", needs=()) == []
    assert graph.release("actor") == [Dispatch("a")]


def test_returned_task_is_dispatched_again_before_later_ones(graph):
    graph.limit("actor", 2)
    for task in "abc":
        graph.add(task, lane="actor", needs=())
    graph.hold("actor")
    graph.return_to_queue("b")
    graph.return_to_queue("a")
    assert graph.release("actor") == [Dispatch("a"), Dispatch("b")]


def test_returned_task_without_lane_is_dispatched_again(graph):
    graph.add("a", lane=None, needs=())
    assert graph.return_to_queue("a") == [Dispatch("a")]


def test_cancelled_pending_task_frees_its_place_in_the_lane(graph):
    graph.add("a", lane="actor", needs=["x"])
    graph.add("b", lane="actor", needs=())
    assert graph.settle("a", CANCELLED) == [Dispatch("b")]
    assert graph.settle("x", DONE) == []


def test_empty_lane_is_forgotten(graph):
    graph.hold("actor")
    graph.forget_lane("actor")
    assert graph.add("a", lane="actor", needs=()) == [Dispatch("a")]


def test_lane_with_tasks_is_not_forgotten(graph):
    graph.hold("actor")
    graph.add("a", lane="actor", needs=())
    graph.forget_lane("actor")
    assert graph.release("actor") == [Dispatch("a")]


def test_state_of_unknown_task_is_a_key_error(graph):
    with pytest.raises(KeyError):
        graph.state("a")
