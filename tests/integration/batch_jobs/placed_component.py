"""A component of any shape that records where each of its processes runs.

Each process writes a file `place_<rank>.json` to its working directory. Rank 0 then takes part in
the simulation, as the walker of the scenarios does, for two steps.
"""

import json
import os
import socket
import threading
from pathlib import Path

from conjoin import Instance, Message, Operator

STEPS = 2


def rank() -> int:
    for name in ("OMPI_COMM_WORLD_RANK", "SLURM_PROCID"):
        if name in os.environ:
            return int(os.environ[name])
    return 0


def record_place() -> None:
    thread_cores = []
    thread = threading.Thread(target=lambda: thread_cores.extend(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    place = {
        "node": socket.gethostname(),
        "cores": sorted(os.sched_getaffinity(0)),
        "thread_cores": sorted(thread_cores),
        "environment": {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("MUSCLE_", "OMP_", "SLURM", "OMPI_COMM_WORLD_SIZE"))
        },
    }
    Path(f"place_{rank()}.json").write_text(json.dumps(place))


def slots(instance: Instance, port: str) -> "list[int | None]":
    return list(range(instance.get_port_length(port))) if instance.is_vector_port(port) else [None]


def send(instance: Instance, ports: "list[str]", step: int) -> None:
    following = step + 1.0 if step + 1 < STEPS else None
    for port in ports:
        for slot in slots(instance, port):
            instance.send(port, Message(float(step), following, step), slot)


def receive(instance: Instance, ports: "list[str]") -> None:
    for port in ports:
        for slot in slots(instance, port):
            instance.receive(port, slot)


def main() -> None:
    record_place()
    if rank() > 0:
        return
    instance = Instance()
    ports = instance.list_ports()
    while instance.reuse_instance():
        receive(instance, ports.get(Operator.F_INIT, []))
        for step in range(STEPS):
            send(instance, ports.get(Operator.O_I, []), step)
            receive(instance, ports.get(Operator.S, []))
        send(instance, ports.get(Operator.O_F, []), STEPS)


if __name__ == "__main__":
    main()
