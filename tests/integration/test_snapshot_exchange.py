"""MUSCLE3's manager runs and resumes our instances, with its own workflow snapshots.

`test_resume_with_mixed_libraries` resumes MUSCLE3's instances from our snapshots.
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
    """Resume a run; return what its programs received, and its workflow snapshots."""
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
    return [event for event in results.get(instance, []) if event[:2] in RECEIVED]


RECEIVED = (["received", "state_in"], ["received", "init"])


@pytest.mark.parametrize("writer", ["conjoin", "muscle3"])
def test_run_resumed_by_muscle3s_manager_ends_as_the_whole_run(tmp_path, writer):
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
        # The last two were made after the last step.
        assert len(received(results, "macro")) == max(0, 3 - number)
