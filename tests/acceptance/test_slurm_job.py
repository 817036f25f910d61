"""The self-resubmitting job script in docs/checkpointing.md."""

import subprocess
from pathlib import Path

import pytest

from tests.support.conditions import wait_until
from tests.support.pages import save_files
from tests.support.slurm import Slurm
from tests.support.workspace import Workspace

SCRIPT = "job.sh"
NO_PROGRESS, FAILED, COMPLETED = 75, 1, 0
SUBMITTED = "Submitted batch job"
STEPS = 2000
"""Too many for a run of `stay_until_saved` to complete."""

WAIT_UNTIL_SAVED = """\
    if is_first_run:
        print("answered", flush=True)
        while not save_requested():
            time.sleep(0.01)
        while any(Path("../../../snapshots").glob("*.ymmsl")):
            time.sleep(1)
        time.sleep(0.05)
"""
WAIT_IMPORTS = """\
from pathlib import Path

is_first_run = len(list(Path("../../../..").glob("run_pair_*"))) == 1


def save_requested():
    return "All instances save" in Path("../../../muscle3_manager.log").read_text()


"""


class Job:
    """A user's folder with the model and the job script of the page.

    Args:
        workspace: The folder.
        steps: The number of steps of the model.
    """

    def __init__(self, workspace: Workspace, *, steps: int) -> None:
        self.workspace = workspace
        self.folder = workspace.folder
        assert SCRIPT in save_files("checkpointing.md", self.folder)
        workspace.change("model.ymmsl", "macro.steps: 2", f"macro.steps: {steps}")
        # The total reveals even the smallest difference.
        workspace.change("micro.py", "message.data + 1.0", "cos(3.0 * message.data)")
        workspace.change(
            "micro.py", "from conjoin", "import time\nfrom math import cos\n\nfrom conjoin"
        )

    def total(self) -> str:
        """Return what an uninterrupted run prints."""
        assert self.workspace.start_all().exit_code == COMPLETED
        return self._printed(self.workspace.run_dir)[-1]

    def slow_down(self, seconds: float) -> None:
        """Make each step take some time."""
        self.workspace.change(
            "micro.py",
            '    instance.send("final"',
            f'    time.sleep({seconds})\n    instance.send("final"',
        )

    def stay_until_saved(self) -> None:
        """Make the first run wait until it has saved its first set of snapshots on request."""
        self.workspace.change("micro.py", "from conjoin", f"{WAIT_IMPORTS}from conjoin")
        self.workspace.change(
            "micro.py", '    instance.send("final"', f'{WAIT_UNTIL_SAVED}    instance.send("final"'
        )

    def run_directories(self) -> list[Path]:
        """Return the run directories of the jobs, in order."""
        return sorted(self.folder.glob("run_pair_*"))

    def check(self, total: str) -> None:
        """Check that each run continued the previous one, and how the last one ended."""
        first, *others = map(self._printed, self.run_directories())
        assert others, self.account()
        assert not any("resumed" in line for line in first), first
        resumed = [float(lines[0].removeprefix("resumed at ")) for lines in others]
        assert resumed == sorted(set(resumed)), self.account()
        assert others[-1][-1] == total, self.account()
        outputs = self._outputs()
        assert len(outputs) == len(others) + 1, self.account()
        assert [SUBMITTED in text for text in outputs] == [True] * len(others) + [False]

    def account(self) -> str:
        """Return the output of all jobs, which helps to understand a failure."""
        return "\n".join(self._outputs())

    def _outputs(self) -> list[str]:
        paths = sorted(self.folder.glob("slurm-*.out"), key=lambda path: (len(path.name), path))
        return [path.read_text() for path in paths]

    def _printed(self, run_directory: Path) -> list[str]:
        return (run_directory / "instances/macro/stdout.txt").read_text().splitlines()


@pytest.mark.slow
def test_job_resubmits_itself_until_the_simulation_is_complete(workspace: Workspace, slurm: Slurm):
    job = Job(workspace, steps=STEPS)
    total = job.total()
    job.stay_until_saved()
    # Slurm's shortest time limit leaves 15 seconds for running, and 15 for the end.
    workspace.change(SCRIPT, "--time=12:00:00", "--time=1")
    workspace.change(SCRIPT, "--checkpoint-on-term 120", "--checkpoint-on-term 30")
    slurm.submit(Path(SCRIPT), folder=job.folder)
    slurm.wait_until_idle(timeout=300.0)
    job.check(total)


@pytest.mark.slow
def test_signalled_job_continues_in_the_next_allocation(workspace: Workspace, slurm: Slurm):
    job = Job(workspace, steps=STEPS)
    total = job.total()
    job.stay_until_saved()
    number = slurm.submit(Path(SCRIPT), folder=job.folder)
    wait_until(lambda: save_request_completed(job), pause=0.1)
    slurm.run("scancel", "--batch", "--signal=TERM", number)
    slurm.wait_until_idle(timeout=60.0)
    job.check(total)
    assert len(job.run_directories()) == 2


@pytest.mark.slow
def test_cancelled_job_is_not_resubmitted(workspace: Workspace, slurm: Slurm):
    job = Job(workspace, steps=1000)
    job.slow_down(0.1)
    workspace.change(SCRIPT, "conjoin run", "conjoin run --checkpoint-every-simulation 1")
    number = slurm.submit(Path(SCRIPT), folder=job.folder)
    wait_until(lambda: any(job.folder.glob("run_pair_*/snapshots/*.ymmsl")), pause=0.1)
    slurm.run("scancel", number)
    slurm.wait_until_idle()
    assert "It can be resumed from" in job.account()
    assert SUBMITTED not in job.account()
    assert len(job.run_directories()) == 1


def save_request_completed(job: Job) -> bool:
    return any(
        "answered" in path.read_text()
        for path in job.folder.glob("run_pair_*/instances/micro/stdout.txt")
    )


# The script after the end of a run ----------------------------------------------------------------


class FakePrograms:
    """A folder with the script, and fake programs that record how they are called.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        save_files("checkpointing.md", folder)
        self._write("sbatch", f"echo {SUBMITTED} $*")
        self._write("squeue", '[ "$*" = "-h -j 12 -o %T" ] && echo RUNNING')

    def earlier_run(self) -> None:
        """Create an earlier run from which this one can be resumed."""
        self._save("run_pair_1", "snapshot_1")

    def job(self, exit_code: int, *, snapshots: int) -> tuple[int, str]:
        """Run the script with a simulation that makes snapshots; return exit code and output."""
        folder = "run_pair_2/snapshots"
        names = " ".join(f"{folder}/snapshot_{number}.ymmsl" for number in range(snapshots))
        self._write(
            "conjoin", f"echo conjoin $*; mkdir -p {folder}; touch {folder}/log {names}",
            f"exit {exit_code}",
        )  # fmt: skip
        done = subprocess.run(
            ["bash", SCRIPT],
            cwd=self._folder,
            env={"PATH": f"{self._folder}:/usr/bin:/bin", "SLURM_JOB_ID": "12"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert not done.stderr
        return done.returncode, done.stdout

    def _save(self, run: str, name: str) -> None:
        folder = self._folder / run / "snapshots"
        folder.mkdir(parents=True)
        (folder / f"{name}.ymmsl").touch()

    def _write(self, name: str, *lines: str) -> None:
        path = self._folder / name
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> FakePrograms:
    return FakePrograms(tmp_path)


@pytest.mark.parametrize("exit_code", [COMPLETED, FAILED, 2])
def test_completed_or_failed_simulation_is_not_resubmitted(programs: FakePrograms, exit_code: int):
    code, printed = programs.job(exit_code, snapshots=3)
    assert code == exit_code
    assert SUBMITTED not in printed


def test_first_allocation_does_not_resume(programs: FakePrograms):
    code, printed = programs.job(75, snapshots=1)
    assert code == COMPLETED
    assert "--resume" not in printed
    assert f"{SUBMITTED} {SCRIPT}" in printed


def test_next_allocation_resumes_the_newest_run(programs: FakePrograms):
    programs.earlier_run()
    code, printed = programs.job(75, snapshots=2)
    assert code == COMPLETED
    assert "--resume latest model.ymmsl" in printed
    assert f"{SUBMITTED} {SCRIPT}" in printed


@pytest.mark.parametrize("snapshots", [0, 1])
def test_allocation_without_progress_is_not_resubmitted(programs: FakePrograms, snapshots: int):
    programs.earlier_run()
    code, printed = programs.job(75, snapshots=snapshots)
    assert code == NO_PROGRESS
    assert SUBMITTED not in printed
