"""Runs the benchmarks: `python -m benchmarks [PART…]`."""

from __future__ import annotations

import argparse

from benchmarks import (
    agents,
    checkpoint_registry,
    crowd,
    encryption,
    loop_pauses,
    planning,
    process_starts,
    profile_cost,
    round_trips,
    saving,
    start_up,
    task_engine,
    task_runtime,
)

PARTS = {
    "round_trips": round_trips,
    "saving": saving,
    "start_up": start_up,
    "crowd": crowd,
    "loop_pauses": loop_pauses,
    "agents": agents,
    "planning": planning,
    "process_starts": process_starts,
    "checkpoint_registry": checkpoint_registry,
    "encryption": encryption,
    "task_engine": task_engine,
    "task_runtime": task_runtime,
    "profile_cost": profile_cost,
}
COLUMNS = ("MUSCLE3 0.11", "Conjoin")
"""The sides that most parts compare. A part with a `HEADER` has other columns than a ratio too."""


def main() -> None:
    """Print the results as tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Compares Conjoin with MUSCLE3, Dask and Ray."
    )
    parser.add_argument(
        "parts",
        nargs="*",
        type=_part,
        metavar="PART",
        help=f"parts to measure: {', '.join(PARTS)} (default: all)",
    )
    names = parser.parse_args().parts or PARTS
    printed: tuple[str, ...] = ()
    for name in names:
        header = _header(name)
        if header != printed:
            print(f"| | {' | '.join(header)} |\n|---{'|---' * len(header)}|")
            printed = header
        for row in PARTS[name].rows():
            print(row, flush=True)


def _header(name: str) -> tuple[str, ...]:
    part = PARTS[name]
    return getattr(part, "HEADER", None) or (*getattr(part, "COLUMNS", COLUMNS), "ratio")


def _part(name: str) -> str:
    # with argparse's own `choices`, an empty list of parts would be an error
    if name not in PARTS:
        msg = f"unknown part '{name}': choose from {', '.join(PARTS)}"
        raise argparse.ArgumentTypeError(msg)
    return name


if __name__ == "__main__":
    main()
