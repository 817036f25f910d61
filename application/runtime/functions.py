"""Free functions as tasks: on any worker."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from application.runtime.again import AGAIN
from application.runtime.argument_packing import ArgumentPacking, PackedArguments, without_done
from application.runtime.attempt_reports import AttemptReports
from application.runtime.correspondence import Correspondence, UndeliveredError
from application.runtime.delivery import Delivery
from application.runtime.function_codes import FunctionCodes
from application.runtime.function_stage import CANCEL_FUNCTION, FUNCTION
from application.runtime.members import Members
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
        arguments: The function, unless it is in `code`, and its arguments.
        code: The pickled function, which workers keep; empty if they must not.
        is_async: Whether the function is a coroutine function.
        worker: Uid of the worker; empty for any.
        attempts: How often it may run again.
        delivery: Sends it.
        pool: Lends a place at a worker.
        correspondence: Cancels it.
        replacement: Ends its worker by force.
        reports: Receives the attempts that failed at the worker.
    """

    arguments: PackedArguments
    code: bytes
    is_async: bool
    worker: str
    attempts: Attempts
    delivery: Delivery
    pool: Pool
    correspondence: Correspondence
    replacement: Replacement
    reports: AttemptReports

    def begin(self, run: Run) -> None:
        """Send it to its worker, or to any as soon as one has a place for it."""
        worker = self.worker or self.pool.take()
        if worker is not None:
            self._sent_to(run, worker)
            return
        waiter = self.pool.wait()
        run.wait_for(waiter)
        waiter.add_done_callback(partial(self._placed, run))

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

    def _sent_to(self, run: Run, worker: str) -> None:
        task = run.task
        fields: dict[str, Plain] = {
            "task": task.uid,
            "name": task.name,
            "retries": self.attempts.max_retries,
            "failed": self.attempts.failed,
            "is_async": self.is_async,
            "code": self.code,
        }
        self.arguments.complete(task.name)
        message = self.arguments.message(FUNCTION, fields)
        self.reports.count(task.uid, self.attempts)
        replied = partial(self._replied, run, worker, asyncio.get_running_loop().time())
        run.wait_for(self.delivery.send(worker, message, task, replied))

    def _placed(self, run: Run, waiter: asyncio.Future[str]) -> None:
        if waiter.cancelled():
            return
        error = waiter.exception()
        if isinstance(error, Exception):
            run.end(error)
            return
        worker = waiter.result()
        if run.is_over or run.task.is_settled:  # It was cancelled meanwhile.
            run.end(AGAIN)
            self.pool.release(worker)
            return
        try:
            self._sent_to(run, worker)
        except Exception as problem:  # noqa: BLE001 - the await of the task raises it
            self.pool.release(worker)
            run.end(problem)

    def _replied(self, run: Run, worker: str, sent_at: float, reply: Message | Exception) -> None:
        self.reports.forget(run.task.uid)
        loop = asyncio.get_running_loop()
        if not self.worker:
            self.pool.release(worker, seconds=loop.time() - sent_at)
        if not isinstance(reply, RuntimeDisconnectedError):
            self.delivery.end(run, worker, reply)
            return
        delay = self._delay_after(reply)
        if delay is None or run.task.is_settled:
            run.end(self._error(run.task, worker, reply))
        else:
            loop.call_later(delay, self._begin_again, run)

    def _delay_after(self, error: RuntimeDisconnectedError) -> float | None:
        """Return the seconds until it is sent again; None if it is not."""
        if not isinstance(error, UndeliveredError):
            return self.attempts.lose_worker()
        # It has not run, so another worker gets it, unless the run ends meanwhile.
        return None if self.worker else UNDELIVERED_DELAY

    def _begin_again(self, run: Run) -> None:
        if run.is_over or run.task.is_settled:
            run.end(AGAIN)
            return
        try:
            self.begin(run)
        except Exception as error:  # noqa: BLE001 - the await of the task raises it
            run.end(error)

    def _error(
        self, task: Task, worker: str, error: RuntimeDisconnectedError
    ) -> RuntimeDisconnectedError:
        if isinstance(error, UndeliveredError):
            return error
        return disconnected(
            worker,
            error.reason,
            uid=task.uid,
            task=task.name,
            lost_workers=self.attempts.lost_workers,
        )


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
        codes: Pickles functions that workers keep.
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
        codes: FunctionCodes,
    ) -> None:
        self._tasks = tasks
        self._arguments = arguments
        self._delivery = delivery
        self._pool = pool
        self._members = members
        self._correspondence = correspondence
        self._replacement = replacement
        self._reports = reports
        self._codes = codes

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
        code = self._codes.code_of(f)
        content = (positional, named, options.retry_on)
        packed = self._arguments.pack(content if code else (f, *content), name=name)
        worker = ""
        if options.runtime is not None:
            worker = self._members.find(str(getattr(options.runtime, "uid", options.runtime))).uid
        work = FunctionWork(
            packed,
            code,
            inspect.iscoroutinefunction(f),
            worker,
            Attempts(options.max_retries or 0),
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
