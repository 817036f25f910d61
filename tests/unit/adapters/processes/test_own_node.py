"""The node of an agent in a batch job, and the environment of its programs."""

import pytest

from adapters.processes.own_node import own_node, program_environment
from domain.errors import ConfigurationError
from domain.placement.batch_jobs import JobNode
from domain.running.agents import JobOrders

NODES = (JobNode("node1", 2), JobNode("node2", 4))


def orders(**more) -> JobOrders:
    return JobOrders(nodes=NODES, **{"environment": {}, **more})


def no_names() -> list[str]:
    pytest.fail("the host name is not needed")


def test_node_is_the_one_that_the_batch_system_states():
    job = orders(name_variable="SLURMD_NODENAME")
    found = own_node(job, environment={"SLURMD_NODENAME": "node2"}, host_names=no_names)
    assert found == NODES[1]


@pytest.mark.parametrize("variable", [None, "SLURMD_NODENAME"])
def test_node_is_found_by_host_name_otherwise(variable):
    job = orders(name_variable=variable)
    assert own_node(job, environment={}, host_names=lambda: ["node1.example"]) == NODES[0]


def test_machine_outside_of_the_job_is_an_error():
    with pytest.raises(ConfigurationError, match=r"name login, but the nodes .* are node1, node2"):
        own_node(orders(), environment={}, host_names=lambda: ["login"])


def test_programs_get_the_environment_of_the_manager():
    job = orders(environment={"HOME": "/home/me", "SLURM_NTASKS": "8"})
    started_with = {"HOME": "/", "SLURM_NTASKS": "2", "SLURM_PROCID": "1"}
    assert program_environment(job, environment=started_with) == job.environment


def test_programs_keep_variables_that_describe_their_node():
    job = orders(environment={"GPUS": "all", "NODE": "0"}, kept_variables=("GPUS", "NODE"))
    assert program_environment(job, environment={"NODE": "1"}) == {"NODE": "1"}
