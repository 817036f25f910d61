"""Measures Dask as `farm_conjoin` measures Conjoin."""

import os

import farm_meter as meter
from farm_meter import Clock

BEGIN = Clock().__enter__()
from distributed import Client, LocalCluster  # noqa: E402

WITHOUT_IMPORT = Clock().__enter__()


class Actor:
    def pid(self):
        return os.getpid()

    def empty(self):
        pass

    def take(self, array):
        return array.nbytes

    def make(self):
        self.array = meter.new_array()

    def give(self):
        return self.array


def small(x):
    return x


def total(array):
    return float(array.sum())


def main():
    cluster = LocalCluster(
        n_workers=meter.WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, Client(cluster) as client:
        client.wait_for_workers(meter.WORKERS)
        addresses = list(client.scheduler_info(n_workers=-1)["workers"])
        futures = [
            client.submit(Actor, actor=True, workers=[address], pure=False) for address in addresses
        ]
        actors = [future.result() for future in futures]
        for call in [actor.pid() for actor in actors]:
            call.result()
        WITHOUT_IMPORT.__exit__()
        BEGIN.__exit__()
        if meter.is_growth():
            return {"growth": growth(client)}
        results = {"start": WITHOUT_IMPORT.seconds, "start_with_import": BEGIN.seconds}
        results |= meter.idle()
        results["memory_per_byte"] = memory_per_byte(client, addresses)
        results |= calls(client, actors)
        results |= arrays(client, actors)
        return results


def calls(client, actors):
    results = {}
    for _ in range(50):
        actors[0].empty().result()
    with Clock() as clock:
        for _ in range(meter.TRIPS):
            actors[0].empty().result()
    results["round_trip"] = clock.seconds / meter.TRIPS

    with Clock() as clock:
        for call in [actors[n % 2].empty() for n in range(meter.IN_FLIGHT)]:
            call.result()
    results["call"] = clock.seconds / meter.IN_FLIGHT

    batch_of_tasks(client, 100)
    with Clock() as clock:
        batch_of_tasks(client, meter.IN_FLIGHT)
    results["task"] = clock.seconds / meter.IN_FLIGHT
    return results


def batch_of_tasks(client, count):
    client.gather([client.submit(small, n, pure=False) for n in range(count)])


def arrays(client, actors):
    array = meter.new_array()
    seconds = {"put": [], "get": [], "argument": [], "result": []}
    for repetition in range(meter.REPETITIONS + 1):
        with Clock() as put:
            future = client.scatter(array, hash=False)
        with Clock() as get:
            received = future.result()
        del received, future
        with Clock() as argument:
            actors[0].take(array).result()
        actors[0].make().result()
        with Clock() as result:
            received = actors[0].give().result()
        assert received.nbytes == meter.ARRAY_BYTES
        del received
        if repetition:
            for name, clock in zip(seconds, (put, get, argument, result), strict=True):
                seconds[name].append(clock.seconds)
    return {name: min(values) for name, values in seconds.items()}


def memory_per_byte(client, addresses):
    for address in addresses:
        client.submit(total, meter.new_array(8 * 2**10), workers=[address], pure=False).result()
    before = meter.memory_of_all()
    future = client.scatter(meter.new_array(meter.HELD_BYTES), hash=False, broadcast=True)
    for address in addresses:
        client.submit(total, future, workers=[address], pure=False).result()
    return (meter.memory_of_all() - before) / meter.HELD_BYTES


def growth(client):
    for _ in range(meter.WARM_UP):
        batch_of_tasks(client, meter.BATCH)
    before = meter.memory_of_all()
    for _ in range(meter.TASKS // meter.BATCH):
        batch_of_tasks(client, meter.BATCH)
    return meter.memory_of_all() - before


if __name__ == "__main__":
    meter.report(main())
