"""An MPI program whose ranks compute a sum, and whose rank 0 takes part in the simulation.

Each rank writes the sum, and where it ran, to a file `place_<rank>.json` in its working directory.
"""

import json
import os
import socket
from pathlib import Path

from mpi4py import MPI

from conjoin import Instance


def main() -> None:
    world = MPI.COMM_WORLD
    place = {
        "node": socket.gethostname(),
        "cores": sorted(os.sched_getaffinity(0)),
        "sum": world.allreduce(world.rank),
        "size": world.size,
    }
    Path(f"place_{world.rank}.json").write_text(json.dumps(place))
    if world.rank == 0:
        instance = Instance()
        while instance.reuse_instance():
            pass
    world.barrier()


if __name__ == "__main__":
    main()
