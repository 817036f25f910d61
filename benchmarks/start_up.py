"""Measures trivial runs, and the import of the library."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.sides import Side, both_sides, program, run
from benchmarks.table import Row, in_ms, in_s

REPETITIONS = 3
IMPORTS = 15


def rows() -> Iterator[Row]:
    """Yield the results."""
    theirs, ours = both_sides()
    for count in (2, 20):
        pairs = [(_trivial(theirs, count), _trivial(ours, count)) for _ in range(REPETITIONS)]
        yield Row(
            f"a trivial run of {count} components",
            min(a for a, _ in pairs),
            min(b for _, b in pairs),
            in_s,
        )
    yield Row(
        "import of everything that an instance uses",
        _import(theirs.python, "import libmuscle"),
        _import(ours.python, "import entrypoints.instance, entrypoints._instance.instance_wiring"),
        in_ms,
    )
    yield Row(
        "import of numpy and msgpack only",
        _import(theirs.python, "import numpy, msgpack"),
        _import(ours.python, "import numpy, msgpack"),
        in_ms,
    )


def _trivial(side: Side, count: int) -> float:
    components = "".join(
        f"      c{number}:\n        description: Nothing\n        ports: {{}}\n"
        "        implementation: nothing\n"
        for number in range(count)
    )
    text = (
        "ymmsl_version: v0.2\nmodels:\n  trivial:\n    description: Nothing\n    components:\n"
        f"{components}programs:\n{program(side, 'nothing')}"
    )
    with tempfile.TemporaryDirectory() as folder:
        return run(side, text, Path(folder) / "x")[0]


def _import(python: str, statement: str) -> float:
    best = float("inf")
    for _ in range(IMPORTS):
        start = time.perf_counter()
        subprocess.run([python, "-c", statement], check=True)
        best = min(best, time.perf_counter() - start)
    return best
