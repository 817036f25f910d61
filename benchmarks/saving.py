"""How long a model stops to save a large state, and how much memory that needs.

MUSCLE3's manager prints an error about the snapshots of a model without conduits. It does not
affect the time that the model takes to save.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.sides import Side, both_sides, output_of, program, run
from benchmarks.table import Row, in_ms

SIZE = 128 * 10**6
SNAPSHOTS = 5
REPETITIONS = 3


def rows() -> Iterator[Row]:
    """Yield what was measured."""
    theirs, ours = both_sides()
    # taking turns, so that what else the machine does meets both alike
    pairs = [(_measure(theirs), _measure(ours)) for _ in range(REPETITIONS)]
    times = [[_median(pair[side]) for pair in pairs] for side in (0, 1)]
    yield Row("saving a state of 128 MB", *map(min, times), in_ms)
    peaks = [_peak_in_states(outcome) for outcome in pairs[0]]
    yield Row("memory for saving, in states of 128 MB", *peaks, lambda x: f"{x:.1f}")


def _measure(side: Side) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        _, run_dir = run(
            side,
            _model(side),
            Path(folder) / "x",
            STATE_BYTES=str(SIZE),
            SNAPSHOTS=str(SNAPSHOTS),
        )
        return output_of(run_dir, "saver")


def _model(side: Side) -> str:
    return f"""
ymmsl_version: v0.2
models:
  saving:
    description: Saves its state
    components:
      saver:
        description: Saves
        ports: {{}}
        implementation: saver
checkpoints:
  simulation_time:
  - every: 1
programs:
{program(side, "saver")}"""


def _median(outcome: dict[str, Any]) -> float:
    return statistics.median(outcome["seconds"])


def _peak_in_states(outcome: dict[str, Any]) -> float:
    return float(outcome["peak"] - outcome["before"]) / float(outcome["state"])


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
