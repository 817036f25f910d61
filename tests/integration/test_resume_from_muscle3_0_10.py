"""Conjoin resumes runs of MUSCLE3 0.10."""

from pathlib import Path

import pytest

from tests.support.reference_runs import TIMEOUT_OF_A_TEST, run_muscle3_alone
from tests.support.scenario_runs import LibraryName, run_scenario

pytestmark = [pytest.mark.muscle3, pytest.mark.slow, pytest.mark.timeout(TIMEOUT_OF_A_TEST)]

SCENARIO = "checkpoints_0_10"


def run(folder: Path, library: LibraryName, resume: "Path | None" = None):
    folder.mkdir()
    if library == "conjoin":
        done = run_scenario(
            SCENARIO, manager=library, libraries=library, tmp_path=folder, resume=resume
        )
    else:
        done = run_muscle3_alone(SCENARIO, version=library, folder=folder, resume=resume)
    assert done.exit_code == 0, done.account()
    return done


def received(run, instance: str, port: str) -> list:
    events = run.results.get(instance, [])
    return [event for event in events if event[:2] == ["received", port]]


def test_run_resumed_from_any_0_10_snapshot_ends_as_the_whole_run(tmp_path: Path):
    straight = run(tmp_path / "straight", "muscle3_0_10")
    left = []
    for number, snapshot in enumerate(sorted((straight.run_dir / "snapshots").iterdir())):
        resumed = run(tmp_path / str(number), "conjoin", snapshot)
        for instance, port in (("macro", "state_in"), ("micro", "init")):
            rest = received(resumed, instance, port)
            whole = received(straight, instance, port)
            assert rest == whole[len(whole) - len(rest) :]
        left.append(len(received(resumed, "macro", "state_in")))
    assert left == [3, 2, 1, 0, 0]
