"""Measures Ray as `farm_conjoin` measures Conjoin."""

import os

import farm_meter as meter
from farm_meter import Clock

BEGIN = Clock().__enter__()
import ray  # noqa: E402

WITHOUT_IMPORT = Clock().__enter__()
STORE_BYTES = 2**30


@ray.remote
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

    def hold(self, array):
        self.held = array
        return float(array.sum())


@ray.remote
def small(x):
    return x


def main():
    ray.init(
        _node_ip_address="127.0.0.1",
        num_cpus=meter.WORKERS,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        log_to_driver=False,
        logging_level="ERROR",
    )
    try:
        # no cores of their own, because these tasks would wait for cores otherwise
        actors = [Actor.options(num_cpus=0).remote() for _ in range(meter.WORKERS)]
        ray.get([actor.pid.remote() for actor in actors])
        WITHOUT_IMPORT.__exit__()
        BEGIN.__exit__()
        if meter.is_growth():
            return {"growth": growth()}
        results = {"start": WITHOUT_IMPORT.seconds, "start_with_import": BEGIN.seconds}
        results |= meter.idle()
        results["memory_per_byte"] = memory_per_byte(actors)
        results |= calls(actors)
        results |= arrays(actors)
        return results
    finally:
        ray.shutdown()


def calls(actors):
    results = {}
    for _ in range(50):
        ray.get(actors[0].empty.remote())
    with Clock() as clock:
        for _ in range(meter.TRIPS):
            ray.get(actors[0].empty.remote())
    results["round_trip"] = clock.seconds / meter.TRIPS

    with Clock() as clock:
        ray.get([actors[n % 2].empty.remote() for n in range(meter.IN_FLIGHT)])
    results["call"] = clock.seconds / meter.IN_FLIGHT

    batch_of_tasks(100)
    with Clock() as clock:
        batch_of_tasks(meter.IN_FLIGHT)
    results["task"] = clock.seconds / meter.IN_FLIGHT
    return results


def batch_of_tasks(count):
    ray.get([small.remote(n) for n in range(count)])


def arrays(actors):
    array = meter.new_array()
    seconds = {"put": [], "get": [], "argument": [], "result": []}
    for repetition in range(meter.REPETITIONS + 1):
        with Clock() as put:
            reference = ray.put(array)
        with Clock() as get:
            received = ray.get(reference)
        del received, reference
        with Clock() as argument:
            ray.get(actors[0].take.remote(array))
        ray.get(actors[0].make.remote())
        with Clock() as result:
            received = ray.get(actors[0].give.remote())
        assert received.nbytes == meter.ARRAY_BYTES
        del received
        if repetition:
            for name, clock in zip(seconds, (put, get, argument, result), strict=True):
                seconds[name].append(clock.seconds)
    return {name: min(values) for name, values in seconds.items()}


def memory_per_byte(actors):
    for actor in actors:
        ray.get(actor.hold.remote(ray.put(meter.new_array(8 * 2**10))))
    before = meter.memory_of_all()
    reference = ray.put(meter.new_array(meter.HELD_BYTES))
    for actor in actors:
        ray.get(actor.hold.remote(reference))
    return (meter.memory_of_all() - before) / meter.HELD_BYTES


def growth():
    for _ in range(meter.WARM_UP):
        batch_of_tasks(meter.BATCH)
    before = meter.memory_of_all()
    for _ in range(meter.TASKS // meter.BATCH):
        batch_of_tasks(meter.BATCH)
    return meter.memory_of_all() - before


if __name__ == "__main__":
    meter.report(main())
