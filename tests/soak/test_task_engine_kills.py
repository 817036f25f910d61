"""Workers and watchdogs of a task engine are killed at random moments, under load.

Each call ends with its reply or with the loss of a host, lost workers are replaced, and memory that
dead processes used is used again. The victims and moments follow from a seed, which a failure
reports. The environment variable CONJOIN_SOAK_SEED repeats them, and CONJOIN_SOAK_SECONDS makes the
test longer.
"""

import asyncio
import os
import random
import secrets
import signal

import pytest

from domain.runtime.errors import EngineError, HostLost, ValueLost
from domain.runtime.payloads import Payload
from tests.contract.task_engine_contract import eventually
from tests.integration.task_engine.faulty_runs import run
from tests.support.conditions import is_running

SEED = os.environ.get("CONJOIN_SOAK_SEED") or secrets.token_hex(4)
SECONDS = float(os.environ.get("CONJOIN_SOAK_SECONDS", "30"))
KILLS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)
SIZES = (10, 1000, 100_000, 2_000_000)
CALLERS = 8
MEGABYTE = 2**20


class Load:
    """Calls random hosts until it is stopped, and counts how the calls end."""

    def __init__(self, opened, random_numbers):
        self.opened = opened
        self.random = random_numbers
        self.uids = [opened.first, opened.second]
        self.is_over = False
        self.replies = 0
        self.losses = 0

    async def run(self):
        while not self.is_over:
            try:
                await self.random.choice([self.echo, self.relay, self.store])()
                self.replies += 1
            except (HostLost, ValueLost):
                self.losses += 1
                await asyncio.sleep(0.01)

    async def echo(self):
        data = bytes([self.random.randrange(256)]) * self.random.choice(SIZES)
        reply = await self.opened.ask(self.any(), "echo", Payload(b"", (data,)))
        assert bytes(reply.payload.buffers[0]) == data

    async def relay(self):
        payload = Payload(b"", (bytes(self.random.choice(SIZES)),))
        reply = await self.opened.relay(self.any(), self.any(), "echo", payload)
        assert reply.kind in ("echo", "lost")

    async def store(self):
        data = bytes([self.random.randrange(256)]) * self.random.choice(SIZES)
        (value,) = (await self.opened.ask(self.any(), "put", Payload(data))).values
        try:
            fetched = await self.opened.ask(self.any(), "fetch", values=[value])
            assert bytes(fetched.payload.data) == data
        finally:
            self.opened.engine.release(value)

    def any(self):
        return self.random.choice(self.uids)


async def kill_and_replace(load, watchdog_of):
    """Kill a worker, or its watchdog, and replace it."""
    index = load.random.randrange(2)
    uid = load.uids[index]
    (pid,) = (host.pid for host in load.opened.hosts if host.uid == uid)
    victim = watchdog_of(pid) if load.random.random() < 0.2 else pid
    os.kill(victim, load.random.choice(KILLS) if victim == pid else signal.SIGKILL)
    await eventually(lambda: uid in load.opened.head.reasons)
    new = await load.opened.engine.replace(uid)
    load.opened.hosts.append(new)
    load.uids[index] = new.uid
    return victim


@pytest.mark.slow
def test_engine_survives_kills_at_random_moments_under_load():
    numbers = random.Random(SEED)

    async def test(opened):
        opened.hosts = list(opened.hosts)
        load = Load(opened, numbers)
        callers = [asyncio.ensure_future(load.run()) for _ in range(CALLERS)]
        loop = asyncio.get_running_loop()
        end = loop.time() + SECONDS
        kills = 0
        while loop.time() < end and not any(caller.done() for caller in callers):
            await asyncio.sleep(numbers.random() / 2)
            await kill_and_replace(load, watchdog_of)
            kills += 1
        load.is_over = True
        await asyncio.gather(*callers)
        print(f"{kills} kills, {load.replies} replies, {load.losses} losses")
        assert kills
        assert load.replies
        old = [host.pid for host in opened.hosts if host.uid not in load.uids]
        await eventually(lambda: not any(map(is_running, old)))
        unexpected = [text for text in opened.errors if "cannot read a message" not in text]
        assert unexpected == []
        while any(item.stored for item in (await opened.engine.usage()).values()):
            await asyncio.sleep(0.01)
        assert opened.segment_bytes() <= 128 * MEGABYTE

    try:
        run(test, guard=SECONDS + 120)
    except (AssertionError, EngineError, asyncio.TimeoutError) as error:
        raise AssertionError(f"to repeat, set CONJOIN_SOAK_SEED={SEED}") from error


def watchdog_of(pid):
    """Return the parent of a process; the process itself if it has ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return pid
