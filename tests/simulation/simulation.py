"""One simulated run: a random program on a simulated cluster, and what must be true at its end."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from random import Random

from application.runtime.process_services import ProcessServices
from application.runtime.residents import ACTOR, TASK
from tests.simulation.cluster import Cluster
from tests.simulation.journal import Current, Journal
from tests.simulation.outcomes import Judge
from tests.simulation.programs import Client, State
from tests.simulation.simulated_engine import Faults
from tests.simulation.virtual_loop import StuckError, VirtualLoop

CALM = 40.0
"""Virtual seconds after which nothing is on its way any more."""


@dataclass(frozen=True)
class Report:
    """What a run has shown.

    Attributes:
        violations: What must not happen.
        trace: The messages of the run, and the losses.
        log: What the processes have logged, and the steps of the program.
    """

    violations: list[str]
    trace: list[tuple[float, str, str, str]]
    log: list[str]


def simulate(seed: int) -> Report:
    """Run the program of a seed."""
    random = Random(f"faults {seed}")
    crashes = random.choice([0, 0, 1, 1, 2, 3])
    faults = Faults(
        crashes=frozenset(random.randrange(2, 60) for _ in range(crashes)),
        put_failures=random.choice([0.0, 0.0, 0.0, 0.2]),
        slowest=random.choice([0.001, 0.01, 0.1]),
    )
    workers, restarts = random.randrange(1, 4), random.randrange(3)
    cluster = Cluster(Random(f"network {seed}"), faults, workers=workers, restarts=restarts)
    judge = Judge(cluster.engine.deaths, lambda: cluster.engine.put_failures)
    Current.journal = Journal()
    loop = VirtualLoop()
    log: list[str] = []
    try:
        loop.run_until_complete(
            cluster.run(lambda runtime: _main(runtime, seed, cluster, judge, log))
        )
    except StuckError as error:
        judge.violations.append(str(error))
    finally:
        loop.abandon()
        cluster.clear()
    violations = [*judge.violations, *Current.journal.violations, *loop.errors]
    return Report(violations, cluster.engine.trace, [*log, *cluster.log])


async def _main(runtime, seed: int, cluster: Cluster, judge: Judge, log: list[str]) -> None:
    state = State(Random(f"program {seed}"), judge, log=log)
    state.can_force = state.random.random() < 0.3
    clients = [
        Client(runtime, state, Random(f"client {seed} {number}"))
        for number in range(state.random.randrange(1, 4))
    ]
    await asyncio.gather(*(client.run(state.random.randrange(2, 9)) for client in clients))
    await runtime.barrier()
    judge.executions(state.made)
    del clients, state
    for _ in range(3):
        gc.collect()
        await asyncio.sleep(CALM)
    for uid, services in cluster.live_services.items():
        judge.violations += (f"{uid} has {text}" for text in leftovers(services))
    judge.missed(cluster.engine.values.missed)
    kept = cluster.engine.values.keys
    if kept:
        judge.violations.append(f"values are left: {kept}")


def leftovers(services: ProcessServices) -> list[str]:
    """Return what a process still has, though the program has given everything up."""
    stage = services.stage
    left = {
        "actors": [item.uid for item in services.residents.all_of(ACTOR)],
        "shared tasks": services.residents.all_of(TASK),
        "held actors and tasks": stage._holdings._held,
        "reports": stage._holdings._reports,
        "unacknowledged results": services.functions._delivery._kept,
        "tasks": services.tasks._tasks,
        "plans": services.tasks._plans,
        "task timers": services.tasks._timers,
        "incomplete tasks": services.barrier._incomplete,
        "incomplete children": services.barrier._children,
        "held values": services.warehouse._held,
        "inner values": services.warehouse._inner,
        "requests without reply": [
            item for items in services.correspondence._pending.values() for item in items
        ],
        "loops": services.loops._runs,
    }
    return [f"{name}: {items}" for name, items in left.items() if items]
