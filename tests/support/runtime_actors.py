"""Actors for tests."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from entrypoints.runtime import tessera


@tessera
class Counter:
    """Counts, fails, waits, and dies."""

    def __init__(self, start=0, error=None):
        if error is not None:
            raise error
        self.n = start
        self.order = []

    def add(self, k=1):
        self.n += k
        return self.n

    def note(self, item):
        self.order.append(item)
        return item

    async def note_slowly(self, item):
        await asyncio.sleep(0.02)
        self.order.append(item)
        return item

    def total(self, *items):
        return sum(items)

    def pair(self):
        return 3, 4

    def same(self, value):
        return value

    def type_of(self, value):
        return type(value).__name__

    def fail(self, text="no"):
        raise ValueError(text)

    def exit(self):
        sys.exit(3)

    def uid_of_worker(self):
        return self.runtime.uid

    async def wait_for(self, path):
        """Wait until a file exists."""
        while not Path(path).exists():
            await asyncio.sleep(0.005)

    async def wait_for_ever(self):
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.order.append("cancelled")
            raise

    def block_until(self, path):
        """Block the thread until a file exists."""
        while not Path(path).exists():
            time.sleep(0.005)
        return "blocked"

    def fail_until(self, attempts, path):
        """Fail until it has been called so many times; a file counts the calls."""
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(".")
        if Path(path).stat().st_size < attempts:
            raise OSError(f"attempt {Path(path).stat().st_size}")
        return Path(path).stat().st_size

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def die_once(self, path):
        """Die the first time."""
        return kill_once(path)

    def pid(self):
        return os.getpid()

    async def call(self, other, method, *args):
        """Call another actor, and return its result."""
        return await getattr(other, method)(*args).result()

    async def call_itself(self):
        return await self.myself.add().result()

    def know(self, other):
        self.myself = other

    async def create(self):
        """Create another actor, and return it."""
        made = await Counter.remote(start=10)
        await made.add(1)
        return made

    async def result_of(self, box):
        """Await a task that came inside an object."""
        return await box.item.result()

    async def leave_children(self, gate):
        """Create tasks, and return before they have ended."""
        other = await Counter.remote()
        self.left = [other.wait_for(gate) for _ in range(2)]
        self.other = other


@tessera(max_restarts=2)
class Phoenix(Counter):
    """Is created again when it is lost."""


@tessera(max_concurrency=2)
class Parallel:
    """Runs two calls side by side."""

    def __init__(self):
        self.inside = 0
        self.most = 0

    async def meet(self):
        """Return when two calls are inside."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        while self.most < 2:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0)
        self.inside -= 1
        return self.most


class Box:
    """An object whose contents are not searched."""

    def __init__(self, item):
        self.item = item


def square(x):
    """Return the square."""
    return x * x


async def square_slowly(x):
    """Return the square after a while."""
    await asyncio.sleep(0.01)
    return x * x


def pid_of(_):
    """Return the ID of the process."""
    return os.getpid()


def kill_me(path):
    """Kill the worker, and count in a file how often it ran."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(".")
    os.kill(os.getpid(), signal.SIGKILL)


def kill_once(path):
    """Kill the worker the first time."""
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"
