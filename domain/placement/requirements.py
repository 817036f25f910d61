"""What a component asks for, in numbers and in words."""

from __future__ import annotations

from domain.model.configuration import MpiCores, MpiNodes, ResourceRequirements, Threads


def cores_on_one_node(requirements: ResourceRequirements) -> int:
    """Return how many cores at least one node must have.

    Args:
        requirements: What an instance asks for.
    """
    match requirements:
        case Threads(threads):
            return threads
        case MpiCores(_, threads):
            return threads
        case MpiNodes(_, processes, threads):
            return processes * threads


def core_count(requirements: ResourceRequirements) -> int:
    """Return how many cores are asked for in all.

    Args:
        requirements: What an instance asks for.
    """
    match requirements:
        case Threads(threads):
            return threads
        case MpiCores(processes, threads):
            return processes * threads
        case MpiNodes(nodes, processes, threads):
            return nodes * processes * threads


def in_words(requirements: ResourceRequirements) -> str:
    """Return in words what is asked for.

    Args:
        requirements: What an instance asks for.
    """
    match requirements:
        case Threads(threads):
            return f"{_counted(threads, 'thread')} on one node"
        case MpiCores(processes, threads):
            return (
                f"{_counted(processes, 'MPI process', 'es')} with {_counted(threads, 'thread')}"
                " each"
            )
        case MpiNodes(nodes, processes, threads):
            return (
                f"{_counted(nodes, 'whole node')} with {_counted(processes, 'MPI process', 'es')}"
                f" of {_counted(threads, 'thread')} on each"
            )


def _counted(number: int, thing: str, plural: str = "s") -> str:
    return f"{number} {thing}{'' if number == 1 else plural}"
