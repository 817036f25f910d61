"""Many runs in one folder, three at a time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.soak.soak_model import expected_result, results_of, soak_workspace
from tests.support.conditions import PATIENCE
from tests.support.workspace import CONJOIN, Workspace

RUNS = 18
AT_A_TIME = 3


@pytest.mark.slow
def test_runs_of_a_campaign_do_not_affect_each_other(tmp_path: Path):
    workspace = soak_workspace(tmp_path / "campaign")
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        outcomes = list(pool.map(lambda number: run(workspace, number), range(RUNS)))
    assert outcomes == [""] * RUNS
    directories = list(workspace.folder.glob("run_pair_*"))
    results = sorted(result for path in directories for result in results_of(path))
    assert results == sorted(map(expected_result, range(RUNS)))


def run(workspace: Workspace, number: int) -> str:
    """Run the model with settings of its own, in a directory of its own; return what went wrong."""
    name = f"settings_{number}.ymmsl"
    workspace.write(name, f"ymmsl_version: v0.2\nsettings:\n  macro.start: {number}\n")
    command = [*CONJOIN, "run", "--start-all", "model.ymmsl", name]
    with workspace.running(*command, name=f"run_{number}") as program:
        exit_code = program.process.wait(PATIENCE)
        left = program.processes()
        return "" if exit_code == 0 and not left else f"{exit_code} {left}\n{program.text}"
