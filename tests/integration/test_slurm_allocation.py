"""The end of a real Slurm job, as a process in the job detects it."""

import re
import sys
import time
from pathlib import Path

import pytest

from adapters.slurm.allocation import end_of_allocation
from domain.errors import TransportError
from tests.support.slurm import Slurm

ROOT = Path(__file__).resolve().parents[2]
MINUTE = 60.0

PROGRAM = """\
#!{python}
#SBATCH --output=%x_%A_%a.out
import sys
sys.path.insert(0, {root!r})
from adapters.slurm.allocation import end_of_allocation
print(end_of_allocation())
"""


def ends_printed(slurm: Slurm, folder: Path, *options: str) -> list[str]:
    """Submit a job, and return the end times that its tasks print."""
    script = folder / "program"
    script.write_text(PROGRAM.format(python=sys.executable, root=str(ROOT)))
    slurm.submit(script, "--job-name=job", *options, folder=folder)
    slurm.wait_until_idle()
    return [path.read_text().strip() for path in sorted(folder.glob("job_*.out"))]


def test_job_with_a_time_limit_has_an_end(slurm: Slurm, tmp_path: Path):
    before = time.time()
    (end,) = ends_printed(slurm, tmp_path, "--time=7")
    # Slurm counts in whole seconds
    assert before - 1.0 <= float(end) - 7 * MINUTE <= time.time() + 1.0


def test_job_without_a_time_limit_has_no_end(slurm: Slurm, tmp_path: Path):
    assert ends_printed(slurm, tmp_path) == ["None"]


@pytest.mark.slow
def test_each_array_task_has_an_end(slurm: Slurm, tmp_path: Path):
    ends = ends_printed(slurm, tmp_path, "--time=7", "--array=1-3%1")
    assert len(ends) == 3
    assert all(re.fullmatch(r"\d+\.0", end) for end in ends), ends


def test_unknown_slurm_job_raises_an_error(slurm: Slurm):
    with pytest.raises(TransportError, match=r"'squeue -h -j 4711 .* Invalid job id specified"):
        end_of_allocation({**slurm.environment, "SLURM_JOB_ID": "4711"})


@pytest.mark.slow
def test_missing_slurm_controller_raises_an_error(slurm: Slurm, tmp_path: Path):
    text = Path(slurm.environment["SLURM_CONF"]).read_text()
    path = tmp_path / "slurm.conf"
    path.write_text(re.sub(r"SlurmctldPort=\d+", "SlurmctldPort=1", text))
    with pytest.raises(TransportError, match=r"'squeue -h -j 12 .*Unable to contact slurm"):
        end_of_allocation({**slurm.environment, "SLURM_CONF": str(path), "SLURM_JOB_ID": "12"})
