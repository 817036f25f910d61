"""Scripts of Slurm jobs."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slurm.job_script import JobScript
from domain.errors import ConfigurationError

JOB = JobScript(model="pair", files=["model.ymmsl"], nodes=2, cores_per_node=4)

CONJOIN = """\
#!/bin/sh
echo "conjoin $*" >> calls
if [ -n "$SAVES" ]; then
    mkdir -p run_pair_1/snapshots
    for _ in 1 2; do mktemp run_pair_1/snapshots/XXXXXX.ymmsl > /dev/null; done
fi
exit $CODE
"""


def options(job: JobScript) -> list[str]:
    prefix = "#SBATCH "
    lines = job.text().splitlines()
    return [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]


def test_options_are_those_that_the_model_needs():
    assert options(JOB) == ["--job-name=pair", "--nodes=2", "--ntasks-per-node=4"]


def test_further_options_are_written():
    job = replace(
        JOB, gpus_per_node=1, time="1-12", name="my job", more_options=["--partition=main"]
    )
    assert options(job) == [
        "--job-name='my job'",
        "--nodes=2",
        "--ntasks-per-node=4",
        "--gpus-per-node=1",
        "--time=1-12",
        "--partition=main",
    ]


@pytest.mark.parametrize("time", ["30", "90:00", "12:00:00", "2-12", "2-12:30", "2-12:30:00"])
def test_time_limits_in_the_notation_of_slurm_are_accepted(time: str):
    assert f"--time={time}" in options(replace(JOB, time=time))


@pytest.mark.parametrize("time", ["", "soon", "1h", "12:0:0", "1:2:3:4", "10\n"])
def test_invalid_time_limit_is_rejected(time: str):
    with pytest.raises(ConfigurationError, match="is not a time limit"):
        replace(JOB, time=time).text()


@pytest.mark.parametrize("option", ["partition", "", "--a\nrm -r ."])
def test_invalid_option_of_sbatch_is_rejected(option: str):
    with pytest.raises(ConfigurationError, match="is not an option of sbatch"):
        replace(JOB, more_options=[option]).text()


class Bench:
    """Runs job scripts with stand-ins for conjoin and Slurm's commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = {
            "conjoin": CONJOIN,
            "squeue": "#!/bin/sh\necho ${STATE-RUNNING}\n",
            "sbatch": "#!/bin/sh\necho sbatch >> calls\n",
        }
        (folder / "bin").mkdir()
        for name, text in programs.items():
            path = folder / "bin" / name
            path.write_text(text)
            path.chmod(0o755)

    def run(self, job: JobScript, *, code: int = 0, **variables: str) -> list[str]:
        """Run a script in which conjoin exits with a code; return the commands it ran."""
        script = self.folder / "job.sh"
        script.write_text(job.text())
        done = subprocess.run(
            ["bash", str(script)],
            cwd=self.folder,
            env={
                **variables,
                "CODE": str(code),
                "SLURM_JOB_ID": "1",
                "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        calls = (self.folder / "calls").read_text().splitlines()
        (self.folder / "calls").unlink()
        assert done.returncode == (0 if "sbatch" in calls else code)
        return calls


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_job_runs_the_files(bench: Bench):
    job = replace(JOB, files=["my model.ymmsl", "settings.ymmsl"], save_time=120.0)
    (call,) = bench.run(job)
    assert call == (
        "conjoin run --start-all --checkpoint-on-term 120 my model.ymmsl settings.ymmsl"
    )


def test_job_runs_the_chosen_model(bench: Bench):
    assert bench.run(replace(JOB, chooses_model=True)) == [
        "conjoin run --start-all --model pair model.ymmsl"
    ]


@pytest.mark.parametrize("code", [0, 1, 2])
def test_job_that_ends_by_itself_is_not_resubmitted(bench: Bench, code: int):
    assert "sbatch" not in bench.run(JOB, code=code, SAVES="yes")


def test_job_that_made_snapshots_is_resubmitted_and_resumed(bench: Bench):
    assert bench.run(JOB, code=75, SAVES="yes")[-1] == "sbatch"
    assert bench.run(JOB, code=0) == ["conjoin run --start-all model.ymmsl --resume latest"]


def test_job_without_progress_is_not_resubmitted(bench: Bench):
    assert "sbatch" not in bench.run(JOB, code=75)


def test_cancelled_job_is_not_resubmitted(bench: Bench):
    assert "sbatch" not in bench.run(JOB, code=75, SAVES="yes", STATE="COMPLETING")
