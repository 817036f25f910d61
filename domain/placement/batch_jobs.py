"""The nodes that a batch system has allocated to a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class BatchSystem(Enum):
    """A batch system. The value is its name in messages."""

    FLUX = "Flux"
    SLURM = "Slurm"
    PBS = "PBS"
    LSF = "LSF"
    GRID_ENGINE = "Grid Engine"


@dataclass(frozen=True, slots=True)
class JobNode:
    """A node of a job.

    Attributes:
        name: Its name in the batch system.
        cpus: Number of CPUs on it that belong to the job; None if the batch system does not state
            it. Some systems count cores, others hardware threads.
    """

    name: str
    cpus: int | None = None


@dataclass(frozen=True, slots=True)
class BatchJob:
    """The nodes of a job, in the order of the batch system, each once.

    Attributes:
        system: The batch system.
        job_id: The name of the job in the batch system.
        nodes: The nodes.
        warning: What the user should know about the job; empty if there is nothing.
    """

    system: BatchSystem
    job_id: str
    nodes: tuple[JobNode, ...]
    warning: str = ""

    @property
    def node_names(self) -> tuple[str, ...]:
        """The names of the nodes."""
        return tuple(node.name for node in self.nodes)


def find_node(nodes: Sequence[JobNode], names: Sequence[str]) -> JobNode | None:
    """Return the node that has one of the names of a machine.

    Batch systems and machines do not always agree on whether a name includes the domain. So the
    first labels are compared if no complete name matches.

    Args:
        nodes: The nodes of a job.
        names: The names of the machine, the most specific one first.

    Returns:
        The node; None if there is none, or several nodes match.
    """
    for name in names:
        for node in nodes:
            if node.name.lower() == name.lower():
                return node
    labels = {_first_label(name) for name in names}
    matching = [node for node in nodes if _first_label(node.name) in labels]
    return matching[0] if len(matching) == 1 else None


def _first_label(name: str) -> str:
    # an address has no labels
    return name if name.replace(".", "").isdecimal() else name.lower().partition(".")[0]
