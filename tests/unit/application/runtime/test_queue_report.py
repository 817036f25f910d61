"""Queues of actors, with the engine `inline`."""

import asyncio

import entrypoints.runtime as tasks

gates = {}


@tasks.tessera
class Waiter:
    """Waits."""

    async def wait(self):
        gates["started"].set()
        await gates["open"].wait()


def test_usage_has_the_number_of_waiting_calls_of_each_worker():
    async def main(runtime):
        gates.update(started=asyncio.Event(), open=asyncio.Event())
        first, second = runtime.workers
        waiter = await Waiter.remote(runtime=first)
        calls = [waiter.wait() for _ in range(3)]
        await gates["started"].wait()
        while (await runtime.usage())[first.uid].queued < 2:
            await asyncio.sleep(0)
        usage = await runtime.usage()
        gates["open"].set()
        for call in calls:
            await call
        after = await runtime.usage()
        return [usage[uid].queued for uid in (first.uid, second.uid)], after[first.uid].queued

    assert tasks.run(main, engine="inline", num_workers=2, log_level="error") == ([2, 0], 0)
