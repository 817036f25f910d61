"""The actors and functions of simulated programs. Each call writes its stamp to the journal."""

import asyncio

from application.runtime.reference import Reference
from application.runtime.task import Task
from entrypoints.runtime import runtime, tessera
from tests.simulation.journal import Stamp, journal

LARGE = 70_000
"""More bytes than a reply carries: such a result is stored."""


class PlannedError(Exception):
    """An error that the program has planned."""


@tessera
class Player:
    """An actor."""

    def __init__(self, stamp: Stamp, is_exclusive=True, fails=False):
        journal().executions[stamp.token] += 1
        self.number = journal().new_instance()
        self.is_exclusive = is_exclusive
        self.kept = []
        if fails:
            raise PlannedError(stamp.token)

    def _begin(self, stamp):
        journal().begin(stamp, self.number, is_exclusive=self.is_exclusive)

    def _end(self, stamp):
        journal().end(stamp, self.number)

    def compute(self, stamp, *values):
        """Return the token at once."""
        self._begin(stamp)
        self._end(stamp)
        return stamp.token

    async def work(self, stamp, seconds):
        """Return the token after a while."""
        self._begin(stamp)
        try:
            await asyncio.sleep(seconds)
            return stamp.token
        finally:
            self._end(stamp)

    async def fail(self, stamp, times):
        """Fail some times, then return the token."""
        self._begin(stamp)
        try:
            await asyncio.sleep(0.01)
            if journal().executions[stamp.token] <= times:
                raise PlannedError(stamp.token)
            return stamp.token
        finally:
            self._end(stamp)

    def large(self, stamp):
        """Return a result that is stored."""
        self._begin(stamp)
        self._end(stamp)
        return large_result(stamp.token)

    def gather(self, stamp, nested):
        """Return nested values."""
        self._begin(stamp)
        self._end(stamp)
        return nested

    async def forward(self, stamp, other, inner, seconds):
        """Call another actor, and wait for it."""
        self._begin(stamp)
        try:
            return await other.work(inner, seconds).result()
        finally:
            self._end(stamp)

    async def leave(self, stamp, other, inner, seconds):
        """Call another actor, and do not wait for it."""
        self._begin(stamp)
        try:
            other.work(inner, seconds)
            return stamp.token
        finally:
            self._end(stamp)

    def keep(self, stamp, *things):
        """Keep proxies, references and tasks."""
        self._begin(stamp)
        self.kept = list(things)
        self._end(stamp)
        return stamp.token

    async def use(self, stamp):
        """Use what is kept, and return what it is worth."""
        self._begin(stamp)
        try:
            found = []
            for thing in list(self.kept):
                if isinstance(thing, (Task, Reference)):
                    found.append(await thing.result())
                else:
                    await thing.get_attr("number")
            return found
        finally:
            self._end(stamp)

    async def store(self, stamp):
        """Return a reference to a value that is stored here, and a new actor."""
        self._begin(stamp)
        try:
            reference = await runtime().put(stamp.token, reply=True)
            inner = Stamp(-stamp.token, f"store {stamp.token}")
            return reference, await Player.remote(inner)
        finally:
            self._end(stamp)


def large_result(token: int) -> str:
    """Return a large result that contains a token."""
    return str(token).ljust(LARGE)


def compute(stamp, *values):
    """A function: return the token."""
    journal().begin(stamp)
    journal().end(stamp)
    return stamp.token


async def work(stamp, seconds):
    """A coroutine function: return the token after a while."""
    journal().begin(stamp)
    await asyncio.sleep(seconds)
    journal().end(stamp)
    return stamp.token


async def fail(stamp, times):
    """A coroutine function: fail some times, then return the token."""
    journal().begin(stamp)
    await asyncio.sleep(0.01)
    if journal().executions[stamp.token] <= times:
        raise PlannedError(stamp.token)
    journal().end(stamp)
    return stamp.token
