"""An event loop with virtual time: it never waits, and the same seed gives the same run."""

import asyncio
import contextlib
import warnings
from contextvars import Context, ContextVar

MOST_STEPS = 100_000
MOST_SECONDS = 5_000.0


class StuckError(AssertionError):
    """Something is awaited that will never end."""


class Life:
    """One life of a simulated process. After its end, none of its code runs any more.

    Attributes:
        context: The context of all its code.
        is_over: Whether it has ended.
    """

    def __init__(self) -> None:
        self.context = Context()
        self.context.run(LIFE.set, self)
        self.is_over = False

    def guard(self, callback):
        """Return a callback that does nothing once this life is over."""

        def guarded(*arguments):
            if not self.is_over:
                callback(*arguments)

        return guarded


LIFE: ContextVar[Life | None] = ContextVar("simulated_life", default=None)


class _Selector:
    """Lets the time pass instead of waiting for sockets, of which there are none."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout):
        self._loop.advance(timeout)
        return ()


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks at once, in the order of their virtual times.

    Each callback belongs to the life in whose context it was scheduled.
    """

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Selector(self)
        self._now = 0.0
        self._steps = 0
        self._pending: dict[asyncio.Task, Life | None] = {}
        self._owners: dict[int, Life] = {}
        self.errors: list[str] = []
        self.set_task_factory(_new_task)
        self.set_exception_handler(self._note_error)

    def time(self) -> float:
        return self._now

    def advance(self, seconds: float | None) -> None:
        """Let the time pass up to the next timer.

        Raises:
            StuckError: There is none, or the run does not come to an end.
        """
        self._steps += 1
        if seconds is None:
            raise StuckError(f"these wait for ever: {', '.join(self._waiting())}")
        self._now += seconds
        if self._steps > MOST_STEPS or self._now > MOST_SECONDS:
            raise StuckError(f"no end after {self._steps} steps and {self._now:g} virtual seconds")

    def call_soon(self, callback, *args, context=None):
        life = LIFE.get() if context is None else context.get(LIFE)
        if life is not None:
            callback = life.guard(callback)
        return super().call_soon(callback, *args, context=context)

    def call_at(self, when, callback, *args, context=None):
        life = LIFE.get() if context is None else context.get(LIFE)
        if life is not None:
            callback = life.guard(callback)
        return super().call_at(when, callback, *args, context=context)

    def own(self, caller: object, life: Life) -> None:
        """Let the calls that an object schedules from any context belong to a life.

        The garbage collector runs finalizers in whatever context is current.
        """
        self._owners[id(caller)] = life

    def call_soon_threadsafe(self, callback, *args, context=None):
        life = self._owners.get(id(getattr(callback, "__self__", None)))
        if life is not None:
            context = life.context.copy()
        return self.call_soon(callback, *args, context=context)

    def keep(self, task: asyncio.Task, life: Life | None) -> None:
        """Keep a task until it has ended: tasks of lives that are over never do."""
        self._pending[task] = life
        task.add_done_callback(lambda done: self._pending.pop(done, None), context=Context())

    def abandon(self) -> None:
        """Close the loop, and drop what has not ended."""
        self.set_exception_handler(lambda *_: None)
        self.close()
        with warnings.catch_warnings():
            # Coroutines that were never started are dropped with the lives that created them.
            warnings.simplefilter("ignore", RuntimeWarning)
            while self._pending:
                _drop(self._pending.popitem()[0])

    def _waiting(self) -> list[str]:
        """Return where the tasks of lives that go on wait."""
        pending = self._pending.items()
        return sorted(_place(task) for task, life in pending if life is None or not life.is_over)

    def _note_error(self, _loop, context) -> None:
        error = context.get("exception")
        self.errors.append(f"{context['message']}: {error!r}")

    def _process_events(self, event_list) -> None:
        """Do nothing: there are no sockets."""

    def _write_to_self(self) -> None:
        """Do nothing: there is one thread."""


def _place(task: asyncio.Task) -> str:
    """Return the functions that a task is in."""
    names = []
    awaited = task.get_coro()
    while awaited is not None and hasattr(awaited, "cr_await"):
        names.append(awaited.__qualname__)
        awaited = awaited.cr_await
    return " → ".join(names)


def _drop(task: asyncio.Task) -> None:
    task._log_destroy_pending = False
    with contextlib.suppress(BaseException):
        task.get_coro().close()


def _new_task(loop, coroutine, **options):
    task = asyncio.Task(coroutine, loop=loop, **options)
    context = options.get("context")
    loop.keep(task, LIFE.get() if context is None else context.get(LIFE))
    return task
