"""Measures everything: `python -m benchmarks [PART…]`."""

from __future__ import annotations

import sys

from benchmarks import checkpoint_registry, crowd, round_trips, start_up

PARTS = {
    "round_trips": round_trips,
    "start_up": start_up,
    "crowd": crowd,
    "checkpoint_registry": checkpoint_registry,
}


def main() -> None:
    """Print the table."""
    print("| | MUSCLE3 0.11 | Conjoin | ratio |\n|---|---|---|---|")
    for name in sys.argv[1:] or PARTS:
        for row in PARTS[name].rows():
            print(row, flush=True)


if __name__ == "__main__":
    main()
