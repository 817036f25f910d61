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
        case MpiCores(_, threads):
            return threads
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
