"""The cores that an instance requests, as numbers and as text."""

from __future__ import annotations

from domain.model.configuration import MpiCores, MpiNodes, ResourceRequirements, Threads
from domain.wording import counted


def cores_on_one_node(requirements: ResourceRequirements) -> int:
    """Return the number of cores that at least one node must have.

    Args:
        requirements: What an instance requests.
    """
    match requirements:
        case Threads(threads):
            return threads
        case MpiCores(processes, threads, gpus):
            return processes * threads if gpus else threads
        case MpiNodes(_, processes, threads):
            return processes * threads


def core_count(requirements: ResourceRequirements) -> int:
    """Return the total number of requested cores.

    Args:
        requirements: What an instance requests.
    """
    match requirements:
        case Threads(threads):
            return threads
        case MpiCores(processes, threads):
            return processes * threads
        case MpiNodes(nodes, processes, threads):
            return nodes * processes * threads


def describe_request(requirements: ResourceRequirements) -> str:
    """Describe a request as text.

    Args:
        requirements: What an instance requests.
    """
    return f"{_describe_cores(requirements)}{_describe_gpus(requirements)}"


def _describe_gpus(requirements: ResourceRequirements) -> str:
    if not requirements.gpus:
        return ""
    where = {Threads: "", MpiCores: " on one node", MpiNodes: " on each node"}
    return f", and {counted(requirements.gpus, 'GPU')}{where[type(requirements)]}"


def _describe_cores(requirements: ResourceRequirements) -> str:
    match requirements:
        case Threads(threads):
            return f"{counted(threads, 'thread')} on one node"
        case MpiCores(processes, threads):
            return f"{_processes(processes)} with {counted(threads, 'thread')} each"
        case MpiNodes(nodes, processes, threads):
            return (
                f"{counted(nodes, 'whole node')} with {_processes(processes)} of"
                f" {counted(threads, 'thread')} on each"
            )


def _processes(number: int) -> str:
    return counted(number, "MPI process", ending="es")
