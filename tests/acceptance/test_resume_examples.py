"""Examples resumed from any of their workflow snapshots give the same results."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from domain.identity import Reference
from tests.support.pages import commands
from tests.support.scenario_runs import write_settings
from tests.support.snapshot_files import (
    check_ends_alike,
    check_resumed,
    files_in,
    snapshot_in,
    workflow_snapshots,
)

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
CHECKPOINTS = 3  # The least number of checkpoints of each example; it may also save at its end.
MOST_ATTEMPTS = 3

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Example:
    """An example, and how to run it.

    Attributes:
        name: Its folder.
        every: Simulated time between two checkpoints.
        results: Its output files, below ``instances``.
        settings: Settings that shorten it.
    """

    name: str
    every: float
    results: tuple[str, ...]
    settings: Mapping[str, object] = field(default_factory=dict)

    def run(self, run_dir: Path, *, resume: "Path | None" = None) -> Path:
        """Run the example to its end; return the run directory."""
        run_dir.mkdir()
        options = ["--checkpoint-at-end", "--checkpoint-every-simulation", self.every]
        options += [] if resume is None else ["--resume", resume]
        files = [f"examples/{self.name}/{self.name}.ymmsl"]
        if self.settings:
            files.append(write_settings(self.settings, folder=run_dir))
        conjoin("run", "--start-all", "--run-dir", run_dir, *options, *files)
        return run_dir


EXAMPLES = (
    Example(
        "reaction_diffusion",
        every=10.0,
        results=("diffusion/workdir/field.npy",),
        settings={"diffusion.t_max": 30.0},
    ),
    Example(
        "dispatch",
        every=7.0,
        results=("measure/workdir/height.json", "measure/stdout.txt"),
    ),
    Example(
        "interact",
        every=20.0,
        results=("copper/workdir/temperatures.npy", "steel/workdir/temperatures.npy"),
        settings={"steps": 500},
    ),
    Example(
        "ensemble",
        every=1.0,
        results=("driver/workdir/summary.json", "driver/stdout.txt"),
    ),
)


def conjoin(*arguments: object) -> str:
    """Run the command in an activated environment, as in the READMEs; return its output."""
    done = subprocess.run(
        [BIN / "conjoin", *map(str, arguments)],
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def check_ended_alike(
    example: Example, whole: Path, resumed: Path, workflow_snapshot: Path
) -> None:
    """Check that a resumed run ended as the whole run did."""
    check_resumed(resumed, workflow_snapshot)
    check_ends_alike(resumed, whole)
    files = files_in(workflow_snapshot)
    for name in example.results:
        instance = Reference(name.partition("/")[0])
        result = resumed / "instances" / name
        if instance in files and snapshot_in(files[instance]).is_final_snapshot:
            continue  # The instance had ended before the checkpoint.
        assert result.read_bytes() == (whole / "instances" / name).read_bytes()


def run_with_several_checkpoints(example: Example, folder: Path) -> Path:
    """Run an example until a run has workflow snapshots of several checkpoints.

    Their number depends on the speed of the instances: there is only one if an instance registers
    all its snapshots last.
    """
    for attempt in range(MOST_ATTEMPTS):
        run_dir = example.run(folder / f"whole{attempt}")
        if len(workflow_snapshots(run_dir)) >= CHECKPOINTS:
            return run_dir
    pytest.fail(f"no run had {CHECKPOINTS} workflow snapshots")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example_resumed_from_any_workflow_snapshot_ends_as_the_whole_run(
    example: Example, tmp_path: Path
):
    whole = run_with_several_checkpoints(example, tmp_path)
    found = workflow_snapshots(whole)
    resumed = []
    for number, workflow_snapshot in enumerate(found):
        resumed.append(example.run(tmp_path / f"resumed{number}", resume=workflow_snapshot))
        check_ended_alike(example, whole, resumed[-1], workflow_snapshot)
    left = workflow_snapshots(resumed[0])
    middle = left[len(left) // 2]
    again = example.run(tmp_path / "again", resume=middle)
    check_ended_alike(example, whole, again, middle)


def test_documented_demo_is_saved_and_resumed(tmp_path: Path):
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    output = subprocess.run(
        ["bash", "-ec", commands("checkpointing.md", "Try it")],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=200,
    ).stdout
    assert b"Resuming from" in output
    first, second = tmp_path.glob("run_*/instances/diffusion/workdir/field.npy")
    assert first.read_bytes() == second.read_bytes()
