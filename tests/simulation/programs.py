"""Random programs that use the task runtime."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from unittest.mock import ANY

from entrypoints.runtime import by_reference
from tests.simulation import actors as functions
from tests.simulation.actors import Player, large_result
from tests.simulation.journal import Stamp, journal
from tests.simulation.outcomes import Judge, Made, Stored


@dataclass
class Cast:
    """An actor that the program has created.

    Attributes:
        index: Its index. Actors only wait for those with a higher index.
        proxy: Its proxy.
        creation: Its creation, as a task.
        calls: How many calls it got.
        kept: What it keeps, in the order of the program.
    """

    index: int
    proxy: object
    creation: Made
    calls: int = 0


@dataclass
class State:
    """What the clients of a program share."""

    random: Random
    judge: Judge
    cast: list[Cast] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    tokens: itertools.count = field(default_factory=itertools.count)
    can_force: bool = False


class Client:
    """Performs random steps, and checks what comes of them.

    Args:
        runtime: The runtime of the head.
        state: What the clients share.
        random: Decides what this client does.
    """

    def __init__(self, runtime, state: State, random: Random) -> None:
        self._runtime = runtime
        self._state = state
        self._random = random
        self._own: list[Made] = []

    async def run(self, steps: int) -> None:
        """Perform steps, and wait for all tasks."""
        self._create()
        for _ in range(steps):
            (step,) = self._random.choices(list(STEPS), list(STEPS.values()))
            self._state.log.append(step.__name__)
            await step(self)
            if self._random.random() < 0.3:
                await asyncio.sleep(self._random.random() * 0.1)
        for made in list(self._own):
            await self._finish(made)

    # steps

    async def create(self) -> None:
        self._create()

    async def call(self) -> None:
        cast = self._random.choice(self._state.cast)
        (make,) = self._random.choices(list(CALLS), list(CALLS.values()))
        made = make(self, cast)
        if self._random.random() < 0.3:
            await self._finish(made)

    async def submit(self) -> None:
        made = self._new_made()
        kind = self._random.randrange(3)
        options = self._options(made)
        options.pop("lazy", None)
        if kind == 0:
            made.task = self._runtime.submit(functions.compute, made.stamp, **options)
        elif kind == 1:
            seconds = self._random.random() * 0.3
            made.task = self._runtime.submit(functions.work, made.stamp, seconds, **options)
        else:
            made.fails = self._random.randrange(3)
            made.task = self._runtime.submit(functions.fail, made.stamp, made.fails, **options)
        made.expected = lambda: made.stamp.token

    async def finish(self) -> None:
        if self._own:
            await self._finish(self._random.choice(self._own))

    async def cancel(self) -> None:
        if not self._own:
            return
        made = self._random.choice(self._own)
        made.is_cancelled = True
        is_waiting = made.task.state == "pending"
        # A call that its worker has lost waits again until its actor is created again.
        executions = journal().executions[made.stamp.token]
        force = self._state.can_force and self._random.random() < 0.2
        made.task.cancel(force=force)
        if self._random.random() < 0.5:
            await self._finish(made)
        if is_waiting and journal().executions[made.stamp.token] > executions:
            self._violation(f"{made.stamp} was cancelled before it was sent, but ran")

    async def forget(self) -> None:
        if self._own:
            self._own.remove(self._random.choice(self._own))

    async def put(self) -> None:
        value = large_result(next(self._state.tokens))[: self._random.choice([10, None])]
        stored = Stored(value, await self._runtime.put(value))
        self._state.stored.append(stored)

    async def get(self) -> None:
        if not self._state.stored:
            return
        stored = self._random.choice(self._state.stored)
        made = Made(Stamp(-1), expected=lambda: stored.value, values=[stored])
        try:
            found = await self._runtime.get(stored.reference)
        except Exception as error:  # noqa: BLE001 - it is judged
            self._state.judge.error(made, error)
        else:
            if found != stored.value:
                self._violation(f"get returned {found!r:.100}, not {stored.value!r:.100}")

    async def drop(self) -> None:
        if not self._state.stored:
            return
        stored = self._random.choice(self._state.stored)
        stored.is_dropped = True
        self._state.judge.dropped.add(stored.reference.uid)
        await self._runtime.drop(stored.reference)

    async def forget_value(self) -> None:
        if self._state.stored:
            self._state.stored.remove(self._random.choice(self._state.stored))

    async def forget_actor(self) -> None:
        if len(self._state.cast) > 1:
            self._state.cast.remove(self._random.choice(self._state.cast))

    async def barrier(self) -> None:
        before = [made for made in self._own if not made.stamp.caller.startswith("lazy")]
        await self._runtime.barrier()
        late = [made.stamp for made in before if made.task.state in ("queued", "running")]
        if late:
            self._violation(f"tasks {late} have not ended after the barrier")

    async def loop(self) -> None:
        all_made = [self._new_made() for _ in range(self._random.randrange(1, 5))]
        most = self._random.choice([None, None, 1, 2])
        safe = self._random.random() < 0.7
        seconds = [self._random.random() * 0.2 for _ in all_made]
        for made in all_made:
            made.expected = lambda made=made: made.stamp.token
            made.retries = 2 if safe else 0
            made.is_cancelled = True  # Items are cancelled if another one fails, or most are done.

        @self._runtime.async_for(all_made, seconds, safe=safe, max_await=most)
        async def run_items(worker, made, pause):
            made.task = self._runtime.submit(functions.work, made.stamp, pause, runtime=worker)
            return await made.task.result()

        made = Made(Stamp(-1), needs=all_made)
        try:
            results = await run_items
        except Exception as error:  # noqa: BLE001 - it is judged
            if not self._is_without_workers(error):
                self._state.judge.error(made, error)
            return
        expected = [made.stamp.token for made in all_made]
        count = len(all_made) if most is None else min(most, len(all_made))
        if results != [item for item in expected if item in results] or len(results) != count:
            self._violation(f"a loop over {expected} returned {results}, max_await={most}")

    # calls

    def _compute(self, cast: Cast) -> Made:
        made, options = self._new_call(cast)
        needs = self._some(self._own)
        made.needs += needs
        made.values = self._some(self._state.stored)
        values = [need.task for need in needs] + [item.reference for item in made.values]
        made.task = cast.proxy.compute(made.stamp, *values, **options)
        return made

    def _work(self, cast: Cast) -> Made:
        made, options = self._new_call(cast)
        made.task = cast.proxy.work(made.stamp, self._random.random() * 0.3, **options)
        return made

    def _fail(self, cast: Cast) -> Made:
        made, options = self._new_call(cast)
        made.fails = self._random.randrange(3)
        made.task = cast.proxy.fail(made.stamp, made.fails, **options)
        return made

    def _large(self, cast: Cast) -> Made:
        made, options = self._new_call(cast)
        made.expected = lambda: large_result(made.stamp.token)
        made.task = cast.proxy.large(made.stamp, **options)
        return made

    def _gather(self, cast: Cast) -> Made:
        made, options = self._new_call(cast)
        needs = self._some(self._own)
        made.needs += needs
        made.values = self._some(self._state.stored)
        tasks = [need.task for need in needs]
        nested = {"tasks": tasks, "values": [(item.reference,) for item in made.values]}
        made.expected = lambda: {
            "tasks": [ANY if need.unpack else need.expected() for need in needs],
            "values": [(item.value,) for item in made.values],
        }
        made.task = cast.proxy.gather(made.stamp, nested, **options)
        return made

    def _forward(self, cast: Cast) -> Made:
        other = self._higher(cast)
        if other is None:
            return self._work(cast)
        made, options = self._new_call(cast)
        inner = self._new_inner(made)
        made.needs += [other.creation, inner]
        made.expected = inner.expected
        seconds = self._random.random() * 0.3
        made.task = cast.proxy.forward(made.stamp, other.proxy, inner.stamp, seconds, **options)
        return made

    def _leave(self, cast: Cast) -> Made:
        other = self._higher(cast)
        if other is None:
            return self._work(cast)
        made, options = self._new_call(cast)
        inner = self._new_inner(made)
        made.needs += [other.creation]
        seconds = self._random.random() * 0.3
        made.task = cast.proxy.leave(made.stamp, other.proxy, inner.stamp, seconds, **options)
        return made

    def _keep(self, cast: Cast) -> Made:
        other = self._higher(cast)
        made, options = self._new_call(cast)
        tasks = [task for task in self._some(self._own) if not _closes_cycle(cast, task)]
        made.passed = tasks
        made.values = self._some(self._state.stored)
        things = [by_reference(item.task) for item in tasks]
        things += [by_reference(item.reference) for item in made.values]
        if other is not None:
            made.needs += [other.creation]
            things.append(other.proxy)
        made.task = cast.proxy.keep(made.stamp, *things, **options)
        return made

    def _store(self, cast: Cast) -> Made:
        made, options = self._new_call(cast)
        made.task = cast.proxy.store(made.stamp, **options)
        made.expected = lambda: made.stamp.token
        made.unpack = self._unpack_stored
        return made

    async def _unpack_stored(self, made: Made, result: object) -> object:
        """Use the reference and the actor in a result."""
        reference, actor = result
        await actor.set_attr("tried", True)
        return await reference.value()

    # helpers

    def _create(self) -> None:
        state = self._state
        made = self._new_made()
        fails = self._random.random() < 0.05
        made.fails = int(fails)
        restarts = self._random.choice([0, 0, 1, 2])
        is_exclusive = self._random.random() < 0.8
        proxy = Player.options(
            max_restarts=restarts, max_concurrency=1 if is_exclusive else 2
        ).remote(made.stamp, is_exclusive, fails)
        made.retries = restarts
        made.fails = 100 if fails else 0
        made.task = proxy.init_future
        state.cast.append(Cast(made.stamp.token, proxy, made))

    def _new_made(self) -> Made:
        made = Made(Stamp(next(self._state.tokens)), since=asyncio.get_running_loop().time())
        self._state.made.append(made)
        return made

    def _new_call(self, cast: Cast) -> tuple[Made, dict[str, object]]:
        made = self._new_made()
        options = self._options(made)
        if options.get("lazy"):
            made.stamp = Stamp(made.stamp.token, f"lazy {made.stamp.token}")
        else:
            made.stamp = Stamp(made.stamp.token, "head", cast.calls)
            cast.calls += 1
        made.needs = [cast.creation]
        made.expected = lambda: made.stamp.token
        return made, options

    def _new_inner(self, outer: Made) -> Made:
        inner = self._new_made()
        inner.stamp = Stamp(inner.stamp.token, f"inner {inner.stamp.token}")
        inner.retries = outer.retries
        inner.expected = lambda: inner.stamp.token
        return inner

    def _options(self, made: Made) -> dict[str, object]:
        options: dict[str, object] = {}
        if self._random.random() < 0.3:
            options["max_retries"] = made.retries = self._random.randrange(1, 3)
        if self._random.random() < 0.1:
            options["timeout"] = made.timeout = self._random.random() * 0.3
        if self._random.random() < 0.1:
            options["lazy"] = True
        self._own.append(made)
        return options

    def _some(self, items: list) -> list:
        items = [item for item in items if not isinstance(item, Made) or item.task is not None]
        count = min(len(items), self._random.choice([0, 0, 1, 2]))
        return self._random.sample(items, count)

    def _higher(self, cast: Cast) -> Cast | None:
        higher = [item for item in self._state.cast if item.index > cast.index]
        return self._random.choice(higher) if higher else None

    async def _finish(self, made: Made) -> None:
        try:
            result = await made.task.result()
            if made.unpack is not None:
                result = await made.unpack(made, result)
        except (Exception, asyncio.CancelledError) as error:
            if self._is_cancelled_itself(error):
                raise
            self._state.judge.error(made, error)
        else:
            self._state.judge.result(made, result)

    def _is_cancelled_itself(self, error: BaseException) -> bool:
        return type(error) is asyncio.CancelledError

    def _is_without_workers(self, error: BaseException) -> bool:
        return "No worker" in str(error) or "no worker" in str(error)

    def _violation(self, text: str) -> None:
        self._state.judge.violations.append(text)


def _closes_cycle(cast: Cast, made: Made) -> bool:
    """Return whether an actor must not keep a task, because the task keeps the actor.

    A lazy task keeps its actor and its arguments until it begins. References are counted, so a
    cycle of them through two processes is never collected.
    """
    if made.task.deferred is None:
        return False
    # The index of an actor is the token of its creation. This leaves out older tasks too.
    return any(held.stamp.token <= cast.index for held in made.all_held)


STEPS: dict[Callable, int] = {
    Client.call: 12,
    Client.submit: 3,
    Client.finish: 3,
    Client.cancel: 2,
    Client.create: 2,
    Client.forget: 2,
    Client.put: 2,
    Client.get: 1,
    Client.drop: 1,
    Client.forget_value: 1,
    Client.forget_actor: 1,
    Client.barrier: 1,
    Client.loop: 1,
}
CALLS: dict[Callable, int] = {
    Client._compute: 4,
    Client._work: 4,
    Client._fail: 2,
    Client._large: 2,
    Client._gather: 2,
    Client._forward: 3,
    Client._leave: 2,
    Client._keep: 2,
    Client._store: 2,
}
