"""The resource requirements of a component as keys of a yMMSL file."""

from __future__ import annotations

from adapters.ymmsl_files.reading.own_keys import GPUS
from domain.model.configuration import MpiCores, MpiNodes, ResourceRequirements, Threads


def requirement_values(requirements: ResourceRequirements) -> dict[str, int]:
    """Return the values by key.

    Args:
        requirements: The requirements of an instance.
    """
    gpus = {GPUS: requirements.gpus} if requirements.gpus else {}
    return {**_core_values(requirements), **gpus}


def _core_values(requirements: ResourceRequirements) -> dict[str, int]:
    match requirements:
        case Threads(threads):
            return {"threads": threads}
        case MpiCores(processes, threads):
            return {"mpi_processes": processes, "threads_per_mpi_process": threads}
        case MpiNodes(nodes, processes, threads):
            return {
                "nodes": nodes,
                "mpi_processes_per_node": processes,
                "threads_per_mpi_process": threads,
            }
