"""Tasks that are passed to other processes as themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from weakref import WeakValueDictionary

from application.runtime.correspondence import Correspondence
from application.runtime.delivery import CANCELLED, INLINE, STORED, Delivery
from application.runtime.holdings import Holdings
from application.runtime.outcomes import Failed, Inline, Outcome
from application.runtime.packing import Packing
from application.runtime.reception import OK, Reception
from application.runtime.residents import TASK, Residents
from application.runtime.task import Task
from application.runtime.task_plan import Plan, Work
from application.runtime.task_runs import Run
from application.runtime.tasks import Tasks
from domain.runtime.handles import TaskHandle
from domain.runtime.payloads import Message, Payload
from domain.runtime.task_errors import RuntimeDisconnectedError, disconnected
from domain.runtime.task_states import TaskState

FOLLOW = "follow-task"
CANCEL_TASK = "cancel-task"


@dataclass(eq=False, slots=True)
class FollowWork(Work):
    """Waits for a task of another process.

    Attributes:
        handle: The task.
        delivery: Sends the request.
        correspondence: Cancels the task.
    """

    handle: TaskHandle
    delivery: Delivery
    correspondence: Correspondence

    def begin(self, run: Run) -> None:
        """Wait for it."""
        run.go_on(partial(self._run, run.task))

    async def cancel(self, task: Task, *, force: bool) -> None:
        """Cancel it in its own process."""
        del task
        message = Message(CANCEL_TASK, {"task": self.handle.uid, "force": force})
        try:
            await self.correspondence.request(self.handle.owner, message)
        except RuntimeDisconnectedError:
            return

    async def _run(self, task: Task) -> Outcome:
        message = Message(FOLLOW, {"task": self.handle.uid})
        try:
            return await self.delivery.deliver(self.handle.owner, message, task)
        except RuntimeDisconnectedError as error:
            raise disconnected(
                self.handle.owner, error.reason, uid=task.uid, task=task.name
            ) from None


class SharedTasks:
    """Replaces tasks in pickles, and settles those of other processes.

    Args:
        tasks: The tasks of this process.
        residents: Keeps those that others hold.
        holdings: Counts those of others that this process holds.
        delivery: Makes outcomes of replies, and the reverse.
        correspondence: Sends requests.
        packing: Pickles.
        reception: Receives requests.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        residents: Residents,
        holdings: Holdings,
        delivery: Delivery,
        correspondence: Correspondence,
        packing: Packing,
        reception: Reception,
    ) -> None:
        self._tasks = tasks
        self._residents = residents
        self._holdings = holdings
        self._delivery = delivery
        self._correspondence = correspondence
        self._packing = packing
        self._known: WeakValueDictionary[str, Task] = WeakValueDictionary()
        packing.add(Task, self._describe, TaskHandle, self._restore)
        reception.add(FOLLOW, {"task": (str,)}, self._serve_follow)
        reception.add(CANCEL_TASK, {"task": (str,), "force": (bool,)}, self._serve_cancel)

    def _describe(self, task: Task) -> object:
        # What keeps the pickle keeps the task, until a receiver has reported that it holds it.
        self._residents.offer(TASK, task.uid, task)
        return TaskHandle(task.uid, task.name, self._tasks.own)

    def _restore(self, handle: TaskHandle) -> Task:
        if handle.owner == self._tasks.own:
            own = self._residents.find(TASK, handle.uid)
            assert isinstance(own, Task)
            return own
        known = self._known.get(handle.uid)
        if known is None:
            work = FollowWork(handle, self._delivery, self._correspondence)
            known = self._tasks.add(Plan(handle.name, work, is_lazy=True, uid=handle.uid))
            self._known[handle.uid] = known
            self._holdings.acquire(known, handle.uid, handle.owner)
        return known

    async def _serve_follow(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        task = self._residents.find(TASK, str(message.fields["task"]))
        assert isinstance(task, Task)
        await task.settled()
        outcome = task.outcome
        if isinstance(outcome, Failed):
            if outcome.state is TaskState.CANCELLED:
                return Message(CANCELLED)
            return self._delivery.error_reply(outcome.error, uid=task.uid)
        assert outcome is not None
        if task.has_proxies:
            # They are counted for the receiver, as those in the result of a call are.
            return await self._delivery.reply(await task.result(), uid=task.uid, name=task.name)
        if isinstance(outcome, Inline):
            return Message(INLINE, {}, outcome.payload)
        return Message(STORED, {}, Payload(), (outcome.value,))

    async def _serve_cancel(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        task = self._residents.get(TASK, str(message.fields["task"]))
        if isinstance(task, Task):
            task.cancel(force=bool(message.fields["force"]))
        return OK
