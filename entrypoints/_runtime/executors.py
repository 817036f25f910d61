"""Runs the functions of libraries that use `concurrent.futures` on workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures import wait as wait_for_futures
from threading import Lock
from typing import Any, TypeVar

from typing_extensions import ParamSpec, override

from application.runtime.functions import Functions
from application.runtime.loop_calls import LoopCalls
from application.runtime.task import Task
from domain.runtime.options import CallOptions

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


class Executors:
    """Creates executors.

    Args:
        functions: Runs functions on workers.
        calls: Makes calls on the thread of the event loop.
    """

    def __init__(self, *, functions: Functions, calls: LoopCalls) -> None:
        self._functions = functions
        self._calls = calls

    def executor(self) -> RuntimeExecutor:
        """Return an executor, for libraries that take one.

        Its functions run on any worker. A library that waits for results must run on a thread of
        its own, since waiting on the thread of the event loop would block the runtime.

        Example:
            ::

                executor = runtime.executor()
                best = await asyncio.to_thread(minimize, f, bounds, workers=executor.map)
        """
        return RuntimeExecutor(self._functions, self._calls)


class RuntimeExecutor(Executor):
    """Runs functions on workers.

    Args:
        functions: Runs functions on workers.
        calls: Makes calls on the thread of the event loop.
    """

    def __init__(self, functions: Functions, calls: LoopCalls) -> None:
        self._functions = functions
        self._calls = calls
        self._lock = Lock()
        self._pending: set[Future[Any]] = set()
        self._is_shut_down = False

    @override
    def submit(
        self,
        fn: Callable[Parameters, Result],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Result]:
        """Run a function on a worker. Thread-safe.

        The arguments are pickled before this returns. All keywords are those of the function.

        Raises:
            RuntimeError: The executor was shut down.
        """
        future: Future[Result] = _TaskFuture(self._calls)
        with self._lock:
            if self._is_shut_down:
                msg = "This executor was shut down: create a new one with runtime.executor()"
                raise RuntimeError(msg)
            self._pending.add(future)
        future.add_done_callback(self._discard)
        try:
            task = self._functions.submit_with(fn, args, kwargs, CallOptions())
        except Exception as error:  # noqa: BLE001 - as in other executors, the future raises it
            future.set_exception(error)
            return future
        self._calls.soon(lambda: _connect(task, future, self._calls))
        return future

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more functions.

        Args:
            wait: Block until the functions have ended.
            cancel_futures: Cancel those that have not ended.

        Raises:
            RuntimeError: It would block the event loop.
        """
        with self._lock:
            self._is_shut_down = True
            pending = list(self._pending)
        if cancel_futures:
            for future in pending:
                future.cancel()
            return
        if not wait or not pending:
            return
        if self._calls.is_own_thread:
            msg = (
                f"{len(pending)} functions of an executor have not ended, and waiting for them"
                " would block the event loop: await `asyncio.wrap_future(future)` for each first"
            )
            raise RuntimeError(msg)
        wait_for_futures(pending)

    def _discard(self, future: Future[Any]) -> None:
        with self._lock:
            self._pending.discard(future)


class _TaskFuture(Future[Result]):
    """A future that refuses to block the event loop, on which its result depends."""

    def __init__(self, calls: LoopCalls) -> None:
        super().__init__()
        self._calls = calls

    @override
    def result(self, timeout: float | None = None) -> Result:
        """Return the result, and block until it exists."""
        self._check()
        return super().result(timeout)

    @override
    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return the exception, and block until it ended."""
        self._check()
        return super().exception(timeout)

    def _check(self) -> None:
        if self._calls.is_own_thread and not self.done():
            msg = (
                "Waiting for this future would block the event loop: await"
                " `asyncio.wrap_future(future)`, or use the executor on another thread with"
                " `asyncio.to_thread`"
            )
            raise RuntimeError(msg)


def _connect(task: Task, future: Future[Any], calls: LoopCalls) -> None:
    """Let a future end with its task, and the reverse."""
    future.add_done_callback(lambda ended: _cancelled(ended, task, calls))
    task.add_done_callback(lambda ended: _ended(ended, future))


def _cancelled(future: Future[Any], task: Task, calls: LoopCalls) -> None:
    if future.cancelled():
        calls.soon(task.cancel)


def _ended(task: Task, future: Future[Any]) -> None:
    """Pass the end of a task on; its result must be loaded first."""
    if task.error is not None:
        _set(future, error=task.error)
        return
    loading = asyncio.ensure_future(task.result())
    loading.add_done_callback(lambda loaded: _loaded(loaded, future))


def _loaded(loaded: asyncio.Future[object], future: Future[Any]) -> None:
    if loaded.cancelled():
        _set(future, error=asyncio.CancelledError())
    elif (error := loaded.exception()) is not None:
        _set(future, error=error)
    else:
        _set(future, result=loaded.result())


def _set(future: Future[Any], *, result: object = None, error: BaseException | None = None) -> None:
    if isinstance(error, asyncio.CancelledError):
        future.cancel()
        future.set_running_or_notify_cancel()
        return
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
