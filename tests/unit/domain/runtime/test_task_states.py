"""States of a task."""

from domain.runtime.task_states import TaskState


def test_final_task_states_are_done_failed_and_cancelled():
    assert {state.value for state in TaskState if state.is_final} == {"done", "failed", "cancelled"}
