"""MUSCLE3's manager runs our instances, and resumes them from each set that its registry found.

How its own instances are resumed from our snapshots is in `test_resuming`.
"""

import subprocess
from pathlib import Path

import pytest

from tests.support.reference_runs import TIMEOUT_OF_A_TEST, run_muscle3_alone
from tests.support.scenario_runs import (
    MARK,
    clean_environment,
    end_processes_marked,
    manager_command,
    read_results,
    run_scenario,
    write_configuration,
)

pytestmark = [pytest.mark.muscle3, pytest.mark.slow, pytest.mark.timeout(TIMEOUT_OF_A_TEST)]

SCENARIO = "checkpoints"


def resume(snapshot: Path, folder: Path):
    """Returns what the programs saw in a run that was resumed."""
    folder.mkdir()
    results, run = folder / "results", folder / "run"
    results.mkdir()
    run.mkdir()
    file = write_configuration(SCENARIO, libraries="conjoin", folder=folder)
    command = [*manager_command("muscle3"), "--start-all", "--run-dir", run, file, snapshot]
    environment = {**clean_environment(), "RESULT_DIR": str(results), MARK: folder.as_posix()}
    try:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120
        )
    finally:
        end_processes_marked(folder.as_posix())
    assert done.returncode == 0, done.stdout
    return read_results(results), sorted((run / "snapshots").iterdir())


def received(results, instance):
    return [event for event in results.get(instance, []) if event[:2] in WHAT_WAS_RECEIVED]


WHAT_WAS_RECEIVED = (["received", "state_in"], ["received", "init"])


@pytest.mark.parametrize("writer", ["conjoin", "muscle3"])
def test_a_resumed_run_ends_as_the_uninterrupted_one(tmp_path, writer):
    folder = tmp_path / "straight"
    folder.mkdir()
    if writer == "muscle3":
        straight = run_muscle3_alone(SCENARIO, version=writer, folder=folder)
    else:
        straight = run_scenario(SCENARIO, manager="muscle3", libraries=writer, tmp_path=folder)
    assert straight.exit_code == 0, straight.account()
    snapshots = sorted((straight.run_dir / "snapshots").iterdir())
    assert len(snapshots) == 5
    for number, snapshot in enumerate(snapshots):
        results, again = resume(snapshot, tmp_path / str(number))
        assert again, "a resumed run can be resumed from its start"
        for instance in ("macro", "micro"):
            rest = received(results, instance)
            whole = received(straight.results, instance)
            assert rest == whole[len(whole) - len(rest) :]
        # the last two were made after the last step
        assert len(received(results, "macro")) == max(0, 3 - number)
