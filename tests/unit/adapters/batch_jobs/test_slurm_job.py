"""The nodes of Slurm jobs, from recorded environments."""

import pytest

from adapters.batch_jobs.slurm_job import find_slurm_job
from domain.errors import ConfigurationError
from domain.placement.batch_jobs import BatchJob, BatchSystem, JobNode

# `salloc -N4 -n8` in Slurm 22.05
FOUR_NODES = {
    "SLURM_CLUSTER_NAME": "testnet",
    "SLURM_JOBID": "2",
    "SLURM_JOB_CPUS_PER_NODE": "4,2,1(x2)",
    "SLURM_JOB_ID": "2",
    "SLURM_JOB_NAME": "interactive",
    "SLURM_JOB_NODELIST": "node[1-4]",
    "SLURM_JOB_NUM_NODES": "4",
    "SLURM_NNODES": "4",
    "SLURM_NODELIST": "node[1-4]",
    "SLURM_NODE_ALIASES": "(null)",
    "SLURM_NTASKS": "8",
    "SLURM_TASKS_PER_NODE": "4,2,1(x2)",
}


def test_nodes_have_their_number_of_cpus():
    nodes = tuple(JobNode(f"node{number}", cpus) for number, cpus in enumerate((4, 2, 1, 1), 1))
    assert find_slurm_job(FOUR_NODES) == BatchJob(BatchSystem.SLURM, "2", nodes)


def test_job_with_one_node_is_recognised():
    one = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n01", "SLURM_JOB_CPUS_PER_NODE": "36"}
    assert find_slurm_job(one) == BatchJob(BatchSystem.SLURM, "7", (JobNode("n01", 36),))


def test_nodes_of_the_job_precede_those_of_its_step():
    step = {**FOUR_NODES, "SLURM_NODELIST": "node2", "SLURM_STEP_NODELIST": "node2"}
    assert find_slurm_job(step) == find_slurm_job(FOUR_NODES)


# as the manual of Slurm describes them; not recorded
HETEROGENEOUS = {
    "SLURM_HET_SIZE": "2",
    "SLURM_JOB_CPUS_PER_NODE": "2",
    "SLURM_JOB_CPUS_PER_NODE_HET_GROUP_0": "2",
    "SLURM_JOB_CPUS_PER_NODE_HET_GROUP_1": "1(x2)",
    "SLURM_JOB_ID": "5",
    "SLURM_JOB_ID_HET_GROUP_0": "5",
    "SLURM_JOB_ID_HET_GROUP_1": "6",
    "SLURM_JOB_NODELIST": "node1",
    "SLURM_JOB_NODELIST_HET_GROUP_0": "node1",
    "SLURM_JOB_NODELIST_HET_GROUP_1": "node[2-3]",
}


def test_unused_nodes_of_a_heterogeneous_job_are_a_warning():
    job = find_slurm_job(HETEROGENEOUS)
    assert job is not None
    assert job.nodes == (JobNode("node1", 2),)
    assert "first component will be used, and not the 2 nodes of the others (node2, node3)" in (
        job.warning
    )


def test_heterogeneous_job_on_the_same_nodes_has_no_warning():
    job = find_slurm_job({**HETEROGENEOUS, "SLURM_JOB_NODELIST_HET_GROUP_1": "node1"})
    assert job is not None
    assert job.warning == ""


def test_missing_number_of_cpus_is_unknown():
    environment = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "a[1-2]"}
    job = find_slurm_job(environment)
    assert job is not None
    assert job.nodes == (JobNode("a1", None), JobNode("a2", None))


@pytest.mark.parametrize("environment", [{}, {"SLURM_JOB_ID": "7"}, {"SLURM_NODELIST": "a"}])
def test_environment_outside_of_slurm_has_no_job(environment):
    assert find_slurm_job(environment) is None


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("SLURM_JOB_NODELIST", "node[1-", "SLURM_JOB_NODELIST .* brackets"),
        ("SLURM_JOB_CPUS_PER_NODE", "many", "SLURM_JOB_CPUS_PER_NODE .* 'many' is not a count"),
        ("SLURM_JOB_CPUS_PER_NODE", "4(x3)", r"describes 3 nodes \('4\(x3\)'\), .* has 4"),
    ],
)
def test_invalid_variable_is_named(variable, text, reason):
    with pytest.raises(ConfigurationError, match=reason):
        find_slurm_job({**FOUR_NODES, variable: text})
