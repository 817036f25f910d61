"""An actor that lives in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from application.runtime.residents import ACTOR, Residents
from domain.runtime.actor_queue import ActorQueue, Start


@dataclass(eq=False, slots=True)
class ResidentActor:
    """An actor, and the calls that wait for it.

    Attributes:
        uid: Its uid.
        type_name: The name of its class.
        instance: The object of the user.
        queue: Decides which call runs next.
        is_exclusive: Whether it runs one task at a time.
        retry_on: Types of errors after which its calls run again.
        turns: For each call that waits, what its coroutine awaits.
        running: For each call that runs as a coroutine, what cancels it.
        is_named: Whether it has a name, which must be freed.
        is_ending: Whether it ends once its calls are done.
    """

    uid: str
    type_name: str
    instance: object
    queue: ActorQueue
    is_exclusive: bool = True
    retry_on: tuple[type[BaseException], ...] | None = None
    turns: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    running: dict[str, asyncio.Task[object]] = field(default_factory=dict)
    is_named: bool = False
    is_ending: bool = False

    async def turn(self, task: str, *, caller: str, number: int) -> None:
        """Wait for the turn of a call.

        Raises:
            asyncio.CancelledError: It was cancelled before it started.
        """
        starts = self.queue.arrive(task, caller=caller, number=number)
        if [start.task for start in starts] == [task]:
            return  # The usual case: the actor is idle.
        self.turns[task] = asyncio.get_running_loop().create_future()
        self.start(starts)
        await self.turns[task]

    async def turn_again(self, task: str, *, delay: float) -> None:
        """Wait for the turn of a call that is retried.

        Raises:
            asyncio.CancelledError: It was cancelled meanwhile.
        """
        loop = asyncio.get_running_loop()
        self.turns[task] = loop.create_future()
        starts = [item for item in self.queue.retry(task, delay=delay) if isinstance(item, Start)]
        self.start(starts)
        loop.call_later(delay, lambda: self.start(self.queue.due(task)))
        await self.turns[task]

    def finish(self, task: str) -> None:
        """Let the next call run."""
        self.turns.pop(task, None)
        self.start(self.queue.finish(task))

    def start(self, starts: Iterable[Start]) -> None:
        """Let the coroutines of calls go on."""
        for start in starts:
            turn = self.turns.get(start.task)
            if turn is not None and not turn.done():
                turn.set_result(None)

    def cancel_turns(self, tasks: Iterable[str], make: Callable[[], BaseException]) -> None:
        """End the coroutines of calls that will not run."""
        for task in tasks:
            turn = self.turns.pop(task, None)
            if turn is not None and not turn.done():
                turn.set_exception(make())


def resident_actors(residents: Residents) -> list[ResidentActor]:
    """Return all actors in a table of residents."""
    return [item for item in residents.all_of(ACTOR) if isinstance(item, ResidentActor)]
