"""Sends arrays to the micro model and back; prints how long each round trip took."""

import json
import os
import resource
import sys
import time

import numpy as np

if os.environ["COUPLING_LIBRARY"] == "muscle3":
    from libmuscle import Instance, Message
    from ymmsl.v0_2 import Operator
else:
    from entrypoints.instance import Instance, Message, Operator


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


instance = Instance({Operator.O_I: ["out"], Operator.S: ["in"]})
while instance.reuse_instance():
    size = int(os.environ["PAYLOAD_BYTES"])
    data = np.zeros(size // 8) if size else None
    if data is not None:
        data += 1.0  # so that its memory is actually allocated
    before = peak_memory()
    seconds = []
    for number in range(int(os.environ["ROUND_TRIPS"])):
        start = time.perf_counter()
        instance.send("out", Message(float(number), None, data))
        answer = instance.receive("in")
        seconds.append(time.perf_counter() - start)
        del answer
    result = {"seconds": seconds, "before": before, "peak": peak_memory(), "payload": size}
json.dump(result, sys.stdout)
