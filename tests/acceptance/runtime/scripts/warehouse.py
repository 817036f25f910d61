"""The warehouse: put, get, references as arguments, drop.

same True
sum on a worker 499500.0
twice True
published True
"""
import entrypoints.runtime as mosaic
import numpy as np


@mosaic.tessera
class Reader:
    def sum(self, a):
        return float(a.sum())


async def main(runtime):
    a = np.arange(1000.0)
    ref = await runtime.put(a, reply=True)
    print("same", bool(np.array_equal(await runtime.get(ref), a)))
    reader = await Reader.remote(runtime=runtime.workers[0])
    print("sum on a worker", await reader.sum(ref).result())
    other = await Reader.remote(runtime=runtime.workers[1])
    print("twice", await other.sum(ref).result() == await reader.sum(ref).result())
    everywhere = await runtime.put(np.ones(10), publish=True, reply=True)
    print("published", await other.sum(everywhere).result() == 10.0)
    await ref.drop()


if __name__ == "__main__":
    mosaic.run(main, num_workers=2, num_threads=1, log_level="error")
