"""Placement of actors and tasks."""

import pytest

from domain.runtime.placement import RoundRobin, WorkerLoad, strategy

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
