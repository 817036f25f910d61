"""async_for over an array of actors, and the barrier.

sum 285
each worker was used True
items 20
before the barrier 0 of 4
after the barrier 4 of 4
"""
import asyncio
import os
import tempfile

import entrypoints.runtime as mosaic


@mosaic.tessera
class Square:
    def __init__(self):
        self.seen = 0

    def of(self, x):
        self.seen += 1
        return x * x

    def count(self):
        return self.seen

    async def wait_and_mark(self, gate, marks):
        while not os.path.exists(gate):
            await asyncio.sleep(0.05)
        with open(marks, "a") as file:
            file.write(".")


async def main(runtime):
    farm = await Square.remote(len=runtime.num_workers)
    results = []

    @runtime.async_for(range(10))
    async def loop(worker, i):
        results.append(await farm.of(i, runtime=worker).result())

    await loop
    print("sum", sum(results))
    used = [await farm.count(runtime=w).result() for w in runtime.workers]
    print("each worker was used", all(u > 0 for u in used))

    @runtime.async_for(range(5), range(5, 10))
    async def again(worker, i, j):
        await farm.of(i, runtime=worker).result()
        await farm.of(j, runtime=worker).result()

    await again
    used = [await farm.count(runtime=w).result() for w in runtime.workers]
    print("items", sum(used))

    with tempfile.TemporaryDirectory() as directory:
        gate, marks = os.path.join(directory, "gate"), os.path.join(directory, "marks")
        # The counter is a file, because reading it does not queue behind the tasks as a call would.
        open(marks, "w").close()
        # No task is awaited. The original starts such a call only with eager=True.
        tasks = [farm.wait_and_mark(gate, marks, runtime=w, eager=True)
                 for w in runtime.workers for _ in range(2)]
        # The original's barrier ignores tasks that are less than half a second old.
        await asyncio.sleep(1)
        print("before the barrier", os.path.getsize(marks), "of", len(tasks))
        asyncio.get_running_loop().call_later(1, lambda: open(gate, "w").close())
        await runtime.barrier()
        print("after the barrier", os.path.getsize(marks), "of", len(tasks))


if __name__ == "__main__":
    mosaic.run(main, num_workers=2, num_threads=1, log_level="error")
