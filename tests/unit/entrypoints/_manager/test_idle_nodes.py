"""A run on one machine warns about the other nodes of its batch job."""

import pytest

from entrypoints._manager.idle_nodes import idle_node_warnings

SLURM = {"SLURM_JOB_ID": "7", "PATH": "/nowhere"}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("a[1-2]", "1 other node of the Slurm job 7 stays idle"),
        ("a[1-4]", "3 other nodes of the Slurm job 7 stay idle"),
    ],
)
def test_idle_nodes_of_a_slurm_job_cause_a_warning(nodes, expected):
    (warning,) = idle_node_warnings({**SLURM, "SLURM_JOB_NODELIST": nodes})
    assert expected in warning
    assert "run without '--launcher local'" in warning


def test_idle_nodes_of_an_lsf_job_cause_a_warning():
    (warning,) = idle_node_warnings({"LSB_JOBID": "7", "LSB_HOSTS": "a1 a2"})
    assert "1 other node of the LSF job 7" in warning


@pytest.mark.parametrize(
    "environment",
    [{}, {**SLURM, "SLURM_JOB_NODELIST": "a1"}, {**SLURM, "SLURM_JOB_NODELIST": "a["}],
)
def test_job_without_idle_nodes_causes_no_warning(environment):
    assert idle_node_warnings(environment) == ()
