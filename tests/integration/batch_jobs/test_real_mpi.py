"""MPI programs whose ranks communicate between the nodes of a job, with a real Open MPI."""

from pathlib import Path

import pytest

from tests.integration.batch_jobs.jobs import ROOT, Place, run_in_job, write_model
from tests.support.open_mpi import has_open_mpi
from tests.support.packages import require_packages
from tests.support.slurm import SlurmCluster

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("summing_component.py")


def test_ranks_on_several_nodes_compute_together(cluster: SlurmCluster, tmp_path: Path):
    if not has_open_mpi():
        pytest.skip("needs Open MPI")
    path = f"{ROOT}:{require_packages('mpi', 'mpi4py')}"
    program = {
        "args": [str(PROGRAM)],
        "execution_model": "openmpi",
        "env": {"PYTHONPATH": path},
    }
    model = write_model(
        tmp_path, {"a": {"ports": {}}}, {}, {"a": {"mpi_processes": 7}}, {"a": program}
    )
    outcome = run_in_job(cluster, model, job=("-N4", "--ntasks-per-node=2"))
    assert outcome.exit_code == 0, outcome.text + outcome.log
    records = outcome.records()["a"]
    assert [(record["size"], record["sum"]) for record in records] == [(7, 21)] * 7
    assert outcome.places()["a"] == [
        Place(f"node{1 + rank // 2}", (rank % 2,)) for rank in range(7)
    ]
