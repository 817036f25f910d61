"""Measures the round trip macro → micro → macro, and the memory that each side needs."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.sides import Side, both_sides, macro_micro, output_of, run
from benchmarks.table import Row, in_ms, in_us

SIZES = ((0, 3000), (1024, 3000), (16 * 10**6, 40), (128 * 10**6, 8))
REPETITIONS = 3


def rows() -> Iterator[Row]:
    """Yield the results."""
    theirs, ours = both_sides()
    for size, count in SIZES:
        # alternate the sides, so that other load on the machine affects both equally
        pairs = [
            (_median(_measure(theirs, size, count)), _median(_measure(ours, size, count)))
            for _ in range(REPETITIONS)
        ]
        show = in_us if size < 10**6 else in_ms
        yield Row(
            f"round trip, {_named(size)}", min(a for a, _ in pairs), min(b for _, b in pairs), show
        )
    yield from _mixed_rows(theirs, ours)
    yield from _memory_rows(theirs, ours)
    yield _longest_row(theirs, ours)


def _mixed_rows(theirs: Side, ours: Side) -> Iterator[Row]:
    for size, count in ((1024, 2000), (16 * 10**6, 20)):
        alone = _median(_measure(theirs, size, count))
        mixed = _median(_measure(ours, size, count, peer=theirs))
        show = in_us if size < 10**6 else in_ms
        yield Row(f"our manager and macro, MUSCLE3's micro, {_named(size)}", alone, mixed, show)


def _memory_rows(theirs: Side, ours: Side) -> Iterator[Row]:
    size = 128 * 10**6
    for role, name in (("macro", "sending"), ("micro", "receiving")):
        values = [_peak_in_payloads(side, role, size) for side in (theirs, ours)]
        yield Row(f"peak memory {name}, in payloads of 128 MB", *values, lambda x: f"{x:.1f} P")


def _longest_row(theirs: Side, ours: Side) -> Row:
    longest = [
        min(max(_measure(side, 0, 20000)["macro"]["seconds"]) for _ in range(2))
        for side in (theirs, ours)
    ]
    return Row("longest of 20 000 round trips, profiling on", *longest, in_ms)


def _peak_in_payloads(side: Side, role: str, size: int) -> float:
    outcome = _measure(side, size, 3, answers="nothing")
    growth = outcome[role]["peak"] - outcome[role]["before"]
    own = size if role == "macro" else 0  # the sender's own object existed before
    return float(growth + own) / size


def _measure(
    side: Side, size: int, count: int, answers: str = "data", peer: Side | None = None
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        _, run_dir = run(
            side,
            macro_micro(side, peer or side),
            Path(folder) / "x",
            PAYLOAD_BYTES=str(size),
            ROUND_TRIPS=str(count),
            ANSWERS=answers,
        )
        return {name: output_of(run_dir, name) for name in ("macro", "micro")}


def _median(outcome: dict[str, Any]) -> float:
    return statistics.median(outcome["macro"]["seconds"])


def _named(size: int) -> str:
    return f"{size // 10**6} MB" if size >= 10**6 else f"{size} B"
