"""Runs of the task runtime for tests."""

import asyncio

import entrypoints.runtime as runtime_module

GUARD = 60.0


def run_inline(main, **options):
    """Run a coroutine function with a runtime of two workers in this process."""
    return run_on("inline", main, **options)


def run_on(engine, main, **options):
    """Run a coroutine function with a runtime of two workers."""

    async def guarded(runtime):
        return await asyncio.wait_for(main(runtime), GUARD)

    chosen = {"num_workers": 2, "log_level": "error", **options}
    return runtime_module.run(guarded, engine=engine, **chosen)


async def eventually(condition):
    """Wait until a condition holds."""

    async def wait():
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(wait(), GUARD)
