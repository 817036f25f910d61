"""The tasks that this process has created: when each is sent, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context

from application.runtime.again import Again
from application.runtime.cancellation import TaskCancelledError
from application.runtime.loop_calls import LoopCalls
from application.runtime.outcomes import Failed, Outcome, final_state
from application.runtime.running_task import running_task
from application.runtime.task import Results, Task
from application.runtime.task_plan import Plan
from application.runtime.task_runs import TaskRuns
from domain.runtime.task_errors import DependencyError, TaskTimeoutError
from domain.runtime.task_graph import Dispatch, Instruction, TaskGraph
from domain.runtime.task_states import TaskState


class Tasks:
    """Adds tasks, and settles them.

    Args:
        own: Uid of this process.
        results: Loads results of tasks.
        calls: Makes calls on the thread of the event loop.
    """

    def __init__(self, *, own: str, results: Results, calls: LoopCalls) -> None:
        self._own = own
        self._results = results
        self._calls = calls
        self._graph = TaskGraph()
        self._tasks: dict[str, Task] = {}
        self._plans: dict[str, Plan] = {}
        self._runs = TaskRuns(ended=self._ended)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._on_added: list[Callable[[Task], None]] = []
        self._batch: list[tuple[Task, Plan]] | None = None
        self._added = 0

    @property
    def own(self) -> str:
        """The uid of this process."""
        return self._own

    def notify(self, added: Callable[[Task], None]) -> None:
        """Call back for each task that is added."""
        self._on_added.append(added)

    def add(self, plan: Plan) -> Task:
        """Add a task, and start it as soon as it can. Thread-safe."""
        self._added += 1
        parent = running_task()
        task = Task(
            plan.uid or f"task:{self._own}:{self._added}",
            plan.name,
            owner=self,
            results=self._results,
            parent=parent.uid if parent is not None else None,
            actor=plan.actor,
        )
        if self._calls.is_own_thread:
            self._add(task, plan)
        else:
            # In the context of the caller, which decides to which loop the task belongs.
            context = copy_context()
            self._calls.soon(lambda: context.run(self._add, task, plan))
        return task

    def settled(self, uid: str, name: str, outcome: Outcome) -> Task:
        """Return a task that has ended already, such as one that has stored a value."""
        task = Task(uid, name, owner=self, results=self._results)
        task.settle(outcome)
        return task

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Send the tasks that are created inside together, when the block ends."""
        if self._batch is not None:
            yield  # The outer block sends them.
            return
        self._batch = []
        try:
            yield
        finally:
            gathered, self._batch = self._batch, None
            for task, plan in gathered:
                if task.uid in self._tasks:
                    self._enter(task, plan)

    def begin(self, task: Task) -> None:
        """Start a lazy task. Ignored for one that has started."""
        if self._take_over(task):
            self._enter(task, self._plans[task.uid])

    def started(self, uid: str) -> None:
        """Record that a worker runs a task."""
        if uid in self._graph:
            self._graph.start(uid)

    def state(self, task: Task) -> TaskState:
        """Return the state of a task that has not ended."""
        return self._graph.state(task.uid) if task.uid in self._graph else TaskState.PENDING

    def cancel(
        self, task: Task, *, error: BaseException | None = None, force: bool = False
    ) -> None:
        """Cancel a task: its await ends at once. Ignored for one that has ended.

        Args:
            task: The task.
            error: The exception that the await raises; by default, CancelledError.
            force: Whether to end the worker.
        """
        self._take_over(task)
        plan = self._plans.get(task.uid)
        if plan is None:
            return
        runs = self._runs.has(task)
        why = error or _cancelled_error(task)
        self.settle(task, Failed(why, TaskState.CANCELLED if error is None else TaskState.FAILED))
        if runs:
            self._runs.start_aside(plan.work.cancel(task, force=force))

    def settle(self, task: Task, outcome: Outcome) -> None:
        """Record how a task ended. Ignored if it has ended before."""
        if self._tasks.pop(task.uid, None) is None:
            return
        self._forget(task.uid)
        task.settle(outcome)
        self._carry_out(self._graph.settle(task.uid, final_state(outcome)))

    def hold(self, lane: str) -> None:
        """Send nothing more of a lane until it is released."""
        self._graph.hold(lane)

    def release(self, lane: str) -> None:
        """Send the tasks of a lane again."""
        self._carry_out(self._graph.release(lane))

    def limit(self, lane: str, window: int) -> None:
        """Let at most so many tasks of a lane be at their worker."""
        self._graph.limit(lane, window)

    async def close(self) -> None:
        """Cancel all tasks that have not ended, without waiting for their workers."""
        for task in list(self._tasks.values()):
            self.cancel(task)
        await self._runs.close()

    def _add(self, task: Task, plan: Plan) -> None:
        if plan.timeout is not None:
            later = asyncio.get_running_loop().call_later
            self._timers[task.uid] = later(plan.timeout, self._time_out, task, plan.timeout)
        if plan.is_lazy:
            task.deferred = plan
            return  # Only its users keep it, until it begins.
        self._keep(task, plan)
        if self._batch is not None:
            self._batch.append((task, plan))
        else:
            self._enter(task, plan)

    def _take_over(self, task: Task) -> bool:
        """Keep a new task until it has ended. Return False for one that is kept already."""
        plan, task.deferred = task.deferred, None
        if isinstance(plan, Plan):
            self._keep(task, plan)
        return plan is not None

    def _keep(self, task: Task, plan: Plan) -> None:
        self._tasks[task.uid] = task
        self._plans[task.uid] = plan
        for added in self._on_added:
            added(task)

    def _enter(self, task: Task, plan: Plan) -> None:
        for need in plan.needs:
            self.begin(need)
        failed = next((need for need in plan.needs if need.error is not None), None)
        if failed is not None:
            self._graph.add(task.uid, lane=None, needs=[failed.uid])
            self._carry_out(self._graph.settle(failed.uid, failed.final_state))
            return
        needs = [need.uid for need in plan.needs if not need.is_settled]
        self._carry_out(self._graph.add(task.uid, lane=plan.lane, needs=needs))

    def _carry_out(self, instructions: Iterable[Instruction]) -> None:
        for instruction in instructions:
            task = self._tasks.get(instruction.task)
            if task is None:
                continue
            if isinstance(instruction, Dispatch):
                self._runs.start(task, self._plans[task.uid].work.begin)
            else:
                self._end_dependent(task, instruction.need, instruction.state)

    def _ended(self, task: Task, outcome: Outcome | Again) -> None:
        if not isinstance(outcome, Again):
            self.settle(task, outcome)
        elif task.uid in self._graph:
            self._carry_out(self._graph.return_to_queue(task.uid))

    def _end_dependent(self, task: Task, need_uid: str, state: TaskState) -> None:
        error = _dependent_error(task, self._plans[task.uid], need_uid, state)
        self._tasks.pop(task.uid)
        self._forget(task.uid)
        task.settle(Failed(error, state))

    def _time_out(self, task: Task, timeout: float) -> None:
        self.cancel(task, error=_timeout_error(task, timeout))

    def _forget(self, uid: str) -> None:
        del self._plans[uid]
        timer = self._timers.pop(uid, None)
        if timer is not None:
            timer.cancel()


def _dependent_error(task: Task, plan: Plan, need_uid: str, state: TaskState) -> BaseException:
    """Return the error of a task that did not run because of a need."""
    need = next(item for item in plan.needs if item.uid == need_uid)
    assert need.error is not None
    if need in plan.direct:
        return need.error
    if state is TaskState.CANCELLED:
        return TaskCancelledError(
            f"{need.name} was cancelled, which {task.name} needs", uid=task.uid, task=task.name
        )
    error = DependencyError(
        f"{task.name} did not run, because {need.name} failed", uid=task.uid, task=task.name
    )
    error.__cause__ = need.error
    return error


def _timeout_error(task: Task, timeout: float) -> BaseException:
    msg = f"{task.name} did not end within {timeout} s"
    return TaskTimeoutError(msg, uid=task.uid, task=task.name)


def _cancelled_error(task: Task) -> BaseException:
    return TaskCancelledError(f"{task.name} was cancelled", uid=task.uid, task=task.name)
