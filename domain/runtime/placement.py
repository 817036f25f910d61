"""Which worker gets an actor or a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.runtime.hosts import HostUsage
from domain.runtime.payloads import EngineValue
from domain.runtime.stored_uids import stored_by
from domain.runtime.uids import node_index

DEFAULT_PLACEMENT: Final = "round-robin"

SIMILAR_MEMORY: Final = 0.95
"""Workers with this part of the most free memory are equal: a new actor needs memory only later."""


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """The load of a worker, as placement considers it.

    Attributes:
        uid: Its uid.
        tasks: Number of tasks that are queued or running there.
        actors: Number of actors that placement has put there.
        free_memory: Bytes that it may still use.
        local_bytes: Bytes of the arguments that are on its node.
    """

    uid: str
    tasks: int = 0
    actors: int = 0
    free_memory: int = 0
    local_bytes: int = 0


Strategy = Callable[[Sequence[WorkerLoad]], str]
"""Chooses one of the workers, which are ordered by index and at least one, and returns its uid."""


class RoundRobin:
    """Chooses each worker in turn, by index; a worker that joins later takes its turn too."""

    def __init__(self) -> None:
        self._turn = 0

    def __call__(self, workers: Sequence[WorkerLoad]) -> str:
        """Choose the next worker."""
        chosen = workers[self._turn % len(workers)]
        self._turn += 1
        return chosen.uid


def least_busy(workers: Sequence[WorkerLoad]) -> str:
    """Choose the worker with the fewest tasks, then the fewest actors, then the lowest index."""
    return min(workers, key=lambda worker: (worker.tasks, worker.actors)).uid


def memory_aware(workers: Sequence[WorkerLoad]) -> str:
    """Choose the worker with the most free memory; among similar ones, the least busy one."""
    most = max(worker.free_memory for worker in workers)
    enough = min(most, most * SIMILAR_MEMORY)
    return least_busy([worker for worker in workers if worker.free_memory >= enough])


def data_local(workers: Sequence[WorkerLoad]) -> str:
    """Choose the worker whose node has most of the arguments; among equals, the least busy one."""
    most = max(worker.local_bytes for worker in workers)
    return least_busy([worker for worker in workers if worker.local_bytes == most])


def measured_loads(
    workers: Sequence[str],
    usage: Mapping[str, HostUsage],
    *,
    actors: Mapping[str, int],
    memory_limit: int,
    values: Sequence[EngineValue],
) -> list[WorkerLoad]:
    """Return the loads of workers.

    Args:
        workers: Their uids.
        usage: What they use; one that joined meanwhile may be missing.
        actors: How many actors placement has put on each of them.
        memory_limit: Bytes that each of them may use.
        values: The stored values among the arguments.
    """
    bytes_on_node: dict[int, int] = {}
    for value in values:
        creator = stored_by(value)
        if creator:
            node = node_index(creator)
            bytes_on_node[node] = bytes_on_node.get(node, 0) + value.size
    loads = []
    for uid in workers:
        used = usage.get(uid, HostUsage(uid, 0.0, 0))
        loads.append(
            WorkerLoad(
                uid,
                tasks=used.running,
                actors=actors.get(uid, 0),
                free_memory=memory_limit - used.rss,
                local_bytes=bytes_on_node.get(node_index(uid), 0),
            )
        )
    return loads


def strategy(placement: str | Strategy) -> Strategy:
    """Return a strategy by its name, or the function of a user.

    Raises:
        ValueError: If no strategy has that name.
    """
    if callable(placement):
        return placement
    if placement == DEFAULT_PLACEMENT:
        return RoundRobin()
    named = {"least-busy": least_busy, "memory-aware": memory_aware, "data-local": data_local}
    if placement not in named:
        names = ", ".join(f"'{name}'" for name in [DEFAULT_PLACEMENT, *named])
        msg = f"Placement '{placement}' does not exist. Choose one of {names}, or pass a function"
        raise ValueError(msg)
    return named[placement]
