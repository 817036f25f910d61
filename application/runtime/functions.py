"""Free functions as tasks: on any worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from application.runtime.argument_packing import ArgumentPacking, PackedArguments, without_done
from application.runtime.attempt_reports import AttemptReports
from application.runtime.correspondence import Correspondence, UndeliveredError
from application.runtime.delivery import Delivery
from application.runtime.function_stage import CANCEL_FUNCTION, FUNCTION
from application.runtime.members import Members
from application.runtime.outcomes import Outcome
from application.runtime.pool import Pool
from application.runtime.replacement import Replacement
from application.runtime.task import Task
from application.runtime.task_plan import Plan, Work
from application.runtime.task_runs import Run
from application.runtime.tasks import Tasks
from domain.runtime.options import CALL_WORDS, CallOptions, split_keywords
from domain.runtime.payloads import Message, Plain
from domain.runtime.retries import Attempts
from domain.runtime.task_errors import RuntimeDisconnectedError, disconnected

UNDELIVERED_DELAY = 0.01
"""Seconds until a function is sent again, whose worker had gone before it arrived."""


@dataclass(eq=False, slots=True)
class FunctionWork(Work):
    """Runs a function.

    Attributes:
        arguments: The function and its arguments.
        worker: Uid of the worker; empty for any.
        retries: How often it may run again.
        delivery: Sends it.
        pool: Lends a place at a worker.
        correspondence: Cancels it.
        replacement: Ends its worker by force.
        reports: Receives the attempts that failed at the worker.
    """

    arguments: PackedArguments
    worker: str
    retries: int
    delivery: Delivery
    pool: Pool
    correspondence: Correspondence
    replacement: Replacement
    reports: AttemptReports

    def begin(self, run: Run) -> None:
        """Run it."""
        run.go_on(self._run(run.task))

    async def cancel(self, task: Task, *, force: bool) -> None:
        """Cancel it at its worker."""
        if not task.worker:
            return
        if force:
            await self.replacement.end(task.worker)
            return
        try:
            message = Message(CANCEL_FUNCTION, {"task": task.uid})
            await self.correspondence.request(task.worker, message)
        except RuntimeDisconnectedError:
            return

    async def _run(self, task: Task) -> Outcome:
        attempts = Attempts(self.retries)
        delay: float | None
        while True:
            worker = self.worker or await self.pool.acquire()
            try:
                return await self._send(task, worker, attempts)
            except UndeliveredError:
                if self.worker:
                    raise
                # It has not run, so another worker gets it, unless the run ends meanwhile.
                delay = UNDELIVERED_DELAY
            except RuntimeDisconnectedError as error:
                delay = attempts.lose_worker()
                if delay is None:
                    raise disconnected(
                        worker,
                        error.reason,
                        uid=task.uid,
                        task=task.name,
                        lost_workers=attempts.lost_workers,
                    ) from None
            finally:
                if not self.worker:
                    self.pool.release(worker)
            await asyncio.sleep(delay)

    async def _send(self, task: Task, worker: str, attempts: Attempts) -> Outcome:
        fields: dict[str, Plain] = {
            "task": task.uid,
            "name": task.name,
            "retries": self.retries,
            "failed": attempts.failed,
        }
        self.arguments.complete(task.name)
        message = self.arguments.message(FUNCTION, fields)
        self.reports.count(task.uid, attempts)
        try:
            return await self.delivery.deliver(worker, message, task)
        finally:
            self.reports.forget(task.uid)


class Functions:
    """Makes tasks of free functions.

    Args:
        tasks: Adds tasks.
        arguments: Packs arguments.
        delivery: Sends them.
        pool: Lends places at workers.
        members: The workers.
        correspondence: Cancels them.
        replacement: Ends their workers.
        reports: Receives the attempts that failed at workers.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        arguments: ArgumentPacking,
        delivery: Delivery,
        pool: Pool,
        members: Members,
        correspondence: Correspondence,
        replacement: Replacement,
        reports: AttemptReports,
    ) -> None:
        self._tasks = tasks
        self._arguments = arguments
        self._delivery = delivery
        self._pool = pool
        self._members = members
        self._correspondence = correspondence
        self._replacement = replacement
        self._reports = reports

    def submit(self, f: Callable[..., object], /, *args: object, **kwargs: object) -> Task:
        """Run a function, sync or async, on any worker, as a task.

        The keywords `runtime lazy timeout max_retries retry_on` belong to the runtime. A coroutine
        function frees its worker's slot while it awaits.

        Args:
            f: The function.
            args: Its positional arguments.
            kwargs: Its keyword arguments.

        Raises:
            KeyError: The chosen worker does not exist.
        """
        own, rest = split_keywords(kwargs, CALL_WORDS)
        return self.submit_with(f, args, rest, CallOptions(**own))  # type: ignore[arg-type]

    def submit_with(
        self,
        f: Callable[..., object],
        args: tuple[object, ...],
        keywords: Mapping[str, object],
        options: CallOptions,
    ) -> Task:
        """Run a function with options, and pass all arguments on.

        Raises:
            KeyError: The chosen worker does not exist.
        """
        positional, named, waits = without_done(args, keywords)
        name = getattr(f, "__qualname__", None) or repr(f)
        packed = self._arguments.pack((f, positional, named, options.retry_on), name=name)
        worker = ""
        if options.runtime is not None:
            worker = self._members.find(str(getattr(options.runtime, "uid", options.runtime))).uid
        work = FunctionWork(
            packed,
            worker,
            options.max_retries or 0,
            self._delivery,
            self._pool,
            self._correspondence,
            self._replacement,
            self._reports,
        )
        plan = Plan(
            name,
            work,
            needs=[*packed.needs, *waits],
            timeout=options.timeout,
            is_lazy=options.lazy,
        )
        return self._tasks.add(plan)

    def call_on_result(self, task: Task, method: str) -> Callable[..., Task]:
        """Return what calls a method of the result of a task, where the task has run."""

        def call(*args: object, **keywords: object) -> Task:
            place = task.worker if self._members.is_live(task.worker) else None
            options = CallOptions(runtime=place)
            return self.submit_with(_call_method, (task, method, args, keywords), {}, options)

        return call


def _call_method(
    value: object, method: str, args: tuple[object, ...], keywords: Mapping[str, object]
) -> object:
    return getattr(value, method)(*args, **keywords)
