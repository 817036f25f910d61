"""Saves a large state again and again; prints how long each call took, and the peak memory."""

import json
import os
import resource
import sys
import time

import numpy as np

if os.environ["COUPLING_LIBRARY"] == "muscle3":
    from libmuscle import USES_CHECKPOINT_API, Instance, Message

    FLAGS = USES_CHECKPOINT_API
else:
    from entrypoints.instance import Instance, InstanceFlags, Message

    FLAGS = InstanceFlags.USES_CHECKPOINT_API


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


instance = Instance({}, FLAGS)
while instance.reuse_instance():
    if instance.resuming():
        instance.load_snapshot()
    instance.should_init()
    size = int(os.environ["STATE_BYTES"])
    state = np.zeros(size // 8)
    state += 1.0  # so that its memory is really there
    before = peak_memory()
    seconds = []
    for number in range(int(os.environ["SNAPSHOTS"])):
        message = Message(float(number), None, state)
        if instance.should_save_snapshot(float(number)):
            start = time.perf_counter()
            instance.save_snapshot(message)
            seconds.append(time.perf_counter() - start)
    if instance.should_save_final_snapshot():
        instance.save_final_snapshot(Message(float(number + 1), None, None))
    result = {"seconds": seconds, "before": before, "peak": peak_memory(), "state": size}
json.dump(result, sys.stdout)
