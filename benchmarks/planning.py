"""Measures how long the planner takes to give cores to the instances of large models.

The nodes are those of a large cluster. The CPU time counts, which includes finding out which
components take turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks.table import Row, in_ms
from domain.coupling.conduits import Conduit
from domain.coupling.ports import Operator, Port
from domain.identity import Reference
from domain.model.configuration import (
    Component,
    Configuration,
    Model,
    Program,
    ResourceRequirements,
    Threads,
)
from domain.placement.planning import Planner
from domain.placement.resources import Core, NodeResources, Resources

COUNT = 1000
NODES = 1000
CORES = 64
REPETITIONS = 3

Ends = tuple[str, str, str, str]
"""Sender, its port, receiver, its port."""


def rows() -> Iterator[Row]:
    """Yield the results. MUSCLE3 has no planner that could be measured apart from its manager."""
    available = _nodes()
    for name, model in MODELS.items():
        for threads in (1, CORES):
            seconds = min(_plan(model(), Threads(threads), available) for _ in range(REPETITIONS))
            what = f"planning {COUNT} instances of {threads} threads: {name}"
            yield Row(what, 0.0, seconds, in_ms)


def _plan(model: Model, asked: ResourceRequirements, available: Resources) -> float:
    names = {item.program: Program(item.program, "/bin/true") for item in model.components.values()}
    configuration = Configuration(model, names, resources=dict.fromkeys(model.components, asked))
    start = time.process_time()
    plan = Planner(configuration).plan(available)
    seconds = time.process_time() - start
    assert len(plan.resources) == COUNT
    return seconds


def one_set() -> Model:
    """A macro model that calls a set of micro models."""
    return _model(_call("macro", "micro"), sizes={"micro": (COUNT - 1,)})


def sets_of_pairs() -> Model:
    """A set of macro models, each of which calls one of a set of micro models."""
    size = (COUNT // 2,)
    return _model(_call("macro", "micro"), sizes={"macro": size, "micro": size})


def pairs() -> Model:
    """Many macro models, each of which calls a micro model of its own."""
    return _model([end for i in range(COUNT // 2) for end in _call(f"macro{i}", f"micro{i}")])


def star() -> Model:
    """A macro model that calls many micro models at the same time."""
    return _model([end for i in range(COUNT - 1) for end in _call("macro", f"micro{i}")])


def chain() -> Model:
    """Components that run one after the other."""
    return _model([_dispatch(f"c{i}", f"c{i + 1}") for i in range(COUNT - 1)])


def nested_calls() -> Model:
    """Components each of which calls the next one."""
    return _model([end for i in range(COUNT - 1) for end in _call(f"c{i}", f"c{i + 1}")])


def called_chain() -> Model:
    """A macro model that calls the first of a chain of components, and waits for the last one."""
    last = COUNT - 2
    chained = [_dispatch(f"c{i}", f"c{i + 1}") for i in range(last)]
    return _model([("macro", "o_i", "c0", "f_init"), *chained, (f"c{last}", "o_f", "macro", "s")])


MODELS: dict[str, Callable[[], Model]] = {
    "a set": one_set,
    "two sets of pairs": sets_of_pairs,
    "pairs": pairs,
    "a star": star,
    "a chain": chain,
    "nested calls": nested_calls,
    "a chain that is called": called_chain,
}


def _call(caller: str, called: str) -> list[Ends]:
    return [(caller, "o_i", called, "f_init"), (called, "o_f", caller, "s")]


def _dispatch(first: str, second: str) -> Ends:
    return first, "o_f", second, "f_init"


def _model(ends: list[Ends], *, sizes: dict[str, tuple[int, ...]] | None = None) -> Model:
    ports = {item.name.lower(): Port(item.name.lower(), item) for item in Operator}
    names = dict.fromkeys(name for sender, _, receiver, _ in ends for name in (sender, receiver))
    components = {
        Reference(name): Component(
            Reference(name), ports, Reference(f"run_{name}"), (sizes or {}).get(name, ())
        )
        for name in names
    }
    conduits = tuple(
        Conduit(Reference(f"{sender}.{out}"), Reference(f"{receiver}.{into}"))
        for sender, out, receiver, into in ends
    )
    return Model(Reference("large"), components, conduits)


def _nodes() -> Resources:
    cores = frozenset(Core(number, frozenset({number})) for number in range(CORES))
    return Resources(tuple(NodeResources(f"n{number:04}", cores) for number in range(NODES)))


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
