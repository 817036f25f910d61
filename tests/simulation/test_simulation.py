"""Random programs on a simulated network, with losses: the promises of the runtime hold.

`CONJOIN_SEED=SEED pytest tests/simulation -k replay -s` runs one seed, and prints its messages.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.simulation.simulation import simulate

QUICK = 200
BLOCK = 500
ALL = 10_000
REPLAY = "CONJOIN_SEED={} python -m pytest tests/simulation -k replay -s"


@pytest.fixture(autouse=True)
def no_automatic_collection() -> Iterator[None]:
    """Run the garbage collector only where the simulation does, so that a run can be repeated."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def check(seeds) -> None:
    """Run seeds, and name those whose runs violate a rule."""
    failures = []
    for seed in seeds:
        violations = simulate(seed).violations
        if violations:
            listed = "\n  ".join(violations)
            failures.append(f"seed {seed}, repeat it with {REPLAY.format(seed)}:\n  {listed}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("first", range(0, QUICK, 50))
def test_promises_hold_on_simulated_network(first):
    check(range(first, first + 50))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(QUICK, ALL, BLOCK))
def test_promises_hold_with_each_of_10000_seeds(first):
    check(range(first, min(first + BLOCK, ALL)))


@pytest.mark.skipif("CONJOIN_SEED" not in os.environ, reason="CONJOIN_SEED is not set")
def test_replay_of_a_seed():
    report = simulate(int(os.environ["CONJOIN_SEED"]))
    for when, what, origin, target in report.trace:
        print(f"{when:10.4f} {origin} → {target}: {what}")
    print("\n".join(report.log))
    assert not report.violations, "\n".join(report.violations)


def test_runs_of_the_same_seed_are_the_same():
    assert simulate(7).trace == simulate(7).trace


@pytest.mark.slow
def test_run_does_not_depend_on_the_hashes_of_the_process():
    script = (
        "import gc; gc.disable()\n"
        "from tests.simulation.simulation import simulate\n"
        "print([simulate(seed).trace for seed in range(40)])"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_runs_lose_hosts_cancel_tasks_and_fill_memory():
    reports = [simulate(seed) for seed in range(60)]
    kinds = {kind for report in reports for _, kind, _, _ in report.trace}
    assert {"crash", "create", "call", "function", "cancel", "drop"} <= kinds
    assert any("cancel" in report.log for report in reports)
