"""Actors: state, attributes, arguments, outputs, errors, arrays of actors.

counter 6
attribute 6
chain 42
outputs 3 4
list is one value [3, 4]
error ValueError no negative numbers
members [0, 1]
"""
import asyncio

import entrypoints.runtime as mosaic


@mosaic.tessera
class Counter:
    def __init__(self, start=0):
        self.n = start

    def add(self, k):
        if k < 0:
            raise ValueError("no negative numbers")
        self.n += k
        return self.n

    async def double(self, x):
        await asyncio.sleep(0.01)
        return 2 * x

    def pair(self):
        return 3, 4

    def both(self):
        return [3, 4]

    def total(self, a, b):
        return a + b

    def rank(self):
        return self.n


async def main(runtime):
    first, second = runtime.workers[:2]
    a = await Counter.remote(runtime=first)
    b = await Counter.remote(start=1, runtime=second)
    for k in (1, 2, 3):
        t = a.add(k)
        await t
    print("counter", await t.result())
    print("attribute", await a.n)
    x = await b.double(10)
    y = await a.double(11)
    print("chain", await b.total(x, y).result())
    p = await a.pair()
    print("outputs", await p.outputs[0].result(), await p.outputs[1].result())
    print("list is one value", await a.both().result())
    try:
        await a.add(-1).result()
    except Exception as e:
        print("error", type(e).__name__, e)
    many = await Counter.remote(len=2)
    print("members", sorted([(await many.rank(runtime=w).result()) + i for i, w in enumerate(runtime.workers)]))


if __name__ == "__main__":
    mosaic.run(main, num_workers=2, num_threads=1, log_level="error")
