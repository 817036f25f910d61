"""The nodes of PBS, LSF and Grid Engine jobs, from environments and files as these write them."""

import pytest

from adapters.batch_jobs.host_files import find_grid_engine_job, find_lsf_job, find_pbs_job
from domain.errors import ConfigurationError
from domain.placement.batch_jobs import BatchJob, BatchSystem

PBS_NODEFILE = "r1i0n1.cluster\nr1i0n1.cluster\nr1i0n2.cluster\nr1i0n2.cluster\n"
LSB_DJOB_HOSTFILE = "login\nhosta\nhosta\nhostb\nhostb\n"
PE_HOSTFILE = """\
node1.cluster 4 all.q@node1.cluster UNDEFINED
node2.cluster 2 all.q@node2.cluster <NULL>
"""


def names(job: BatchJob | None) -> list[str]:
    assert job is not None
    assert all(node.cpus is None for node in job.nodes)
    return [*job.node_names]


@pytest.fixture
def host_file(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "hosts"
        path.write_text(text)
        return str(path)

    return write


def test_nodes_of_a_pbs_job(host_file):
    environment = {"PBS_JOBID": "12.server", "PBS_NODEFILE": host_file(PBS_NODEFILE)}
    job = find_pbs_job(environment)
    assert names(job) == ["r1i0n1.cluster", "r1i0n2.cluster"]
    assert job is not None
    assert (job.system, job.job_id) == (BatchSystem.PBS, "12.server")


def test_host_file_of_an_lsf_job_precedes_its_variables(host_file):
    environment = {
        "LSB_JOBID": "7",
        "LSB_DJOB_HOSTFILE": host_file(LSB_DJOB_HOSTFILE),
        "LSB_MCPU_HOSTS": "other 2",
        "LSB_HOSTS": "other other",
    }
    assert names(find_lsf_job(environment)) == ["login", "hosta", "hostb"]


@pytest.mark.parametrize(
    "variables",
    [
        {"LSB_HOSTS": "hosta hosta hostb"},
        {"LSB_MCPU_HOSTS": "hosta 2 hostb 1 ", "LSB_HOSTS": ""},
    ],
)
def test_nodes_of_an_lsf_job_from_its_variables(variables):
    assert names(find_lsf_job({"LSB_JOBID": "7", **variables})) == ["hosta", "hostb"]


def test_nodes_of_a_grid_engine_job(host_file):
    environment = {"JOB_ID": "3", "NSLOTS": "6", "PE_HOSTFILE": host_file(PE_HOSTFILE)}
    assert names(find_grid_engine_job(environment)) == ["node1.cluster", "node2.cluster"]


@pytest.mark.parametrize(
    ("find", "environment"),
    [
        (find_pbs_job, {}),
        (find_pbs_job, {"PBS_JOBID": "1"}),
        (find_lsf_job, {}),
        (find_lsf_job, {"LSB_JOBID": "1"}),
        (find_grid_engine_job, {}),
        (find_grid_engine_job, {"JOB_ID": "1", "NSLOTS": "1"}),
    ],
)
def test_environment_without_nodes_has_no_job(find, environment):
    assert find(environment) is None


@pytest.mark.parametrize(
    ("find", "variables", "variable"),
    [
        (find_pbs_job, {"PBS_JOBID": "1"}, "PBS_NODEFILE"),
        (find_lsf_job, {"LSB_JOBID": "1"}, "LSB_DJOB_HOSTFILE"),
        (find_grid_engine_job, {"JOB_ID": "1"}, "PE_HOSTFILE"),
    ],
)
def test_missing_host_file_is_an_error(find, variables, variable):
    with pytest.raises(ConfigurationError, match=rf"'/no/file' \({variable}\), cannot be read"):
        find({**variables, variable: "/no/file"})


def test_empty_host_file_is_an_error(host_file):
    with pytest.raises(ConfigurationError, match=r"nodes \(PBS_NODEFILE\) is empty"):
        find_pbs_job({"PBS_JOBID": "1", "PBS_NODEFILE": host_file("\n")})
