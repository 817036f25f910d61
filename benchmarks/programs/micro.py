"""Sends back the data that it receives, or an empty message."""

import json
import os
import resource
import sys

if os.environ["COUPLING_LIBRARY"] == "muscle3":
    from libmuscle import Instance, Message
    from ymmsl.v0_2 import Operator
else:
    from entrypoints.instance import Instance, Message, Operator


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
before = peak_memory()
while instance.reuse_instance():
    received = instance.receive("init")
    data = received.data if os.environ["ANSWERS"] == "data" else None
    instance.send("final", Message(received.timestamp, None, data))
    del received, data
json.dump({"before": before, "peak": peak_memory()}, sys.stdout)
