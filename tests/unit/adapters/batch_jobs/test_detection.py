"""Which batch system a job belongs to, if the variables of several are set."""

import pytest

from adapters.batch_jobs.detection import detect_batch_job
from domain.placement.batch_jobs import BatchSystem

SLURM = {"SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "a"}
LSF = {"LSB_JOBID": "1", "LSB_HOSTS": "a"}


def test_no_job_is_detected_on_an_ordinary_machine():
    assert detect_batch_job({"HOME": "/root", "JOB_ID": "a variable of the user"}) is None


@pytest.mark.parametrize(
    ("environment", "system"),
    [(SLURM, BatchSystem.SLURM), (LSF, BatchSystem.LSF), ({**LSF, **SLURM}, BatchSystem.SLURM)],
)
def test_batch_system_is_detected(environment, system):
    job = detect_batch_job(environment)
    assert job is not None
    assert job.system is system
