"""Placement of actors and tasks."""

import pytest

from domain.runtime.hosts import HostUsage
from domain.runtime.payloads import EngineValue
from domain.runtime.placement import RoundRobin, WorkerLoad, measured_loads, memory_aware, strategy

FIRST = WorkerLoad("worker:0:0", tasks=3, actors=1, free_memory=10, local_bytes=0)
SECOND = WorkerLoad("worker:0:1", tasks=1, actors=5, free_memory=5, local_bytes=7)
THIRD = WorkerLoad("worker:0:2", tasks=1, actors=2, free_memory=10, local_bytes=7)
WORKERS = (FIRST, SECOND, THIRD)


def test_round_robin_wraps_around():
    choose = RoundRobin()
    assert [choose(WORKERS)[-1] for _ in range(5)] == ["0", "1", "2", "0", "1"]


@pytest.mark.parametrize(
    ("name", "worker"),
    [
        ("round-robin", FIRST),
        ("least-busy", THIRD),
        ("memory-aware", THIRD),
        ("data-local", THIRD),
    ],
)
def test_placement_strategy_chooses_a_worker(name, worker):
    assert strategy(name)(WORKERS) == worker.uid


def test_placement_function_of_a_user_is_used():
    assert strategy(lambda workers: workers[-1].uid)(WORKERS) == THIRD.uid


def test_unknown_placement_strategy_is_rejected():
    with pytest.raises(ValueError, match=r"'nowhere' does not exist.*'least-busy'"):
        strategy("nowhere")


def test_workers_with_similar_free_memory_are_chosen_by_their_tasks():
    workers = (
        WorkerLoad("worker:0:0", tasks=2, free_memory=1000),
        WorkerLoad("worker:0:1", tasks=1, free_memory=990),
        WorkerLoad("worker:0:2", tasks=0, free_memory=900),
    )
    assert memory_aware(workers) == "worker:0:1"


def test_worker_over_its_limit_is_chosen_only_among_such():
    workers = (
        WorkerLoad("worker:0:0", free_memory=-20),
        WorkerLoad("worker:0:1", tasks=5, free_memory=-10),
    )
    assert memory_aware(workers) == "worker:0:1"


def test_loads_are_measured():
    first, second = "worker:0:0@1", "worker:1:0@2"
    usage = {first: HostUsage(first, 0.0, 30, running=2)}
    values = [
        EngineValue("head/1", 5),
        EngineValue("worker:1:1@3/7", 10),
        EngineValue("worker:1:0@2/8", 20),
        EngineValue("opaque", 40),
    ]
    loads = measured_loads(
        [first, second], usage, actors={second: 3}, memory_limit=100, values=values
    )
    assert loads == [
        WorkerLoad(first, tasks=2, free_memory=70, local_bytes=5),
        WorkerLoad(second, actors=3, free_memory=100, local_bytes=30),
    ]
