"""Runs in a job of PBS, whose agents are started by a real mpiexec.

PBS itself is not needed: its environment variables and the file with the nodes describe the job.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.batch_jobs.jobs import (
    CONJOIN,
    RUN_SECONDS,
    JobOutcome,
    Place,
    write_model,
)
from tests.support.conditions import wait_until
from tests.support.nodes import Nodes
from tests.support.open_mpi import AS_ROOT
from tests.support.scenario_runs import clean_environment

pytestmark = pytest.mark.slow

ALONE: dict[str, object] = {"ports": {}}


class PbsJob:
    """A job on the first nodes, in which the manager runs on the first one.

    Args:
        nodes: All nodes.
        folder: The working directory.
    """

    def __init__(self, nodes: Nodes, folder: Path) -> None:
        self.nodes = nodes
        self.folder = folder
        ssh = folder / "ssh"
        options = f"-F {nodes.write_ssh_config(folder)} -o UserKnownHostsFile={nodes.known_hosts}"
        ssh.write_text(f'#!/bin/sh\nexec ssh {options} "$@"\n')
        ssh.chmod(0o755)
        node_file = folder / "nodes"
        node_file.write_text("".join(f"{node.name}\n" * 2 for node in nodes.nodes[:3]))
        self.environment = {
            **clean_environment(),
            **AS_ROOT,
            "OMPI_MCA_plm_rsh_agent": str(ssh),
            "HOME": str(folder),
            "PBS_JOBID": "12.server",
            "PBS_NODEFILE": str(node_file),
        }

    def start(self, model: Path, *options: str) -> "subprocess.Popen[str]":
        """Start a run."""
        return subprocess.Popen(
            [
                *(*self.nodes[0].run, f"--wd={self.folder}"),
                *(CONJOIN, "run", "--start-all", "--grace-time", "1", *options, model.name),
            ],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, model: Path, *options: str) -> JobOutcome:
        """Run a model to the end."""
        with self.start(model, *options) as process:
            text, _ = process.communicate(timeout=RUN_SECONDS)
        run_directory = next(self.folder.glob("run_placed_*"), self.folder)
        return JobOutcome(process.returncode, text, run_directory)


@pytest.fixture
def job(nodes: Nodes, tmp_path: Path) -> PbsJob:
    if shutil.which("mpiexec") is None:
        reason = "no mpiexec on this machine: install openmpi-bin"
        if os.environ.get("CONJOIN_CI") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return PbsJob(nodes, tmp_path)


def test_instances_run_on_the_nodes_of_a_pbs_job(job: PbsJob):
    cores = len(os.sched_getaffinity(0))
    components = {"a": {**ALONE, "multiplicity": [3]}}
    outcome = job.run(write_model(job.folder, components, {}, {"a": {"threads": cores}}))
    assert outcome.exit_code == 0, outcome.text + outcome.log
    places = outcome.places()
    assert {name: ranks[0].node for name, ranks in places.items()} == {
        f"a[{number}]": f"node{number + 1}" for number in range(3)
    }
    assert not any(
        name.startswith(("OMPI_COMM", "PMIX", "CONJOIN_AGENT"))
        for records in outcome.records().values()
        for name in records[0]["environment"]
    )


def test_agents_of_a_pbs_job_can_be_started_over_ssh(job: PbsJob):
    cores = len(os.sched_getaffinity(0))
    components = {"a": {**ALONE, "multiplicity": [2]}}
    model = write_model(job.folder, components, {}, {"a": {"threads": cores}})
    outcome = job.run(model, "--launcher", "ssh")
    assert outcome.exit_code == 0, outcome.text + outcome.log
    assert outcome.places() == {
        f"a[{number}]": [Place(f"node{number + 1}", tuple(range(cores)))] for number in range(2)
    }


def test_open_mpi_programs_run_in_a_pbs_job(job: PbsJob):
    cores = len(os.sched_getaffinity(0))
    resources = {"a": {"mpi_processes": 2 * cores}}
    programs = {"a": {"execution_model": "openmpi"}}
    outcome = job.run(write_model(job.folder, {"a": ALONE}, {}, resources, programs))
    assert outcome.exit_code == 0, outcome.text + outcome.log
    nodes = [place.node for place in outcome.places()["a"]]
    assert nodes == ["node1"] * cores + ["node2"] * cores
    assert all(len(place.cores) == 1 for place in outcome.places()["a"])
    for record in outcome.records()["a"]:
        assert record["environment"]["MUSCLE_INSTANCE"] == "a"
        assert record["environment"]["OMP_NUM_THREADS"] == "1"


def test_killed_agent_ends_the_run_with_the_name_of_its_node(job: PbsJob):
    programs = {"a": {"executable": "sleep", "args": ["1000.5"]}}
    cores = len(os.sched_getaffinity(0))
    components = {"a": {**ALONE, "multiplicity": [3]}}
    model = write_model(job.folder, components, {}, {"a": {"threads": cores}}, programs)
    with job.start(model) as process:
        for node in job.nodes.nodes[:3]:
            node.wait_for_process("sleep 1000.5")
        job.nodes[1].wait_for_process("entrypoints.agent").kill()
        text, _ = process.communicate(timeout=RUN_SECONDS)
    assert process.returncode == 1
    assert "Node 'node2' was lost" in text
    wait_until(lambda: not any(node.processes("sleep 1000.5") for node in job.nodes))


def test_no_process_is_left_after_the_manager_is_killed(job: PbsJob):
    programs = {"a": {"executable": "sleep", "args": ["1000.5"]}}
    model = write_model(job.folder, {"a": ALONE}, {}, {"a": {"threads": 1}}, programs)
    with job.start(model) as process:
        job.nodes[0].wait_for_process("sleep 1000.5")
        job.nodes[0].wait_for_process("conjoin run").kill()
        process.communicate(timeout=RUN_SECONDS)
    # the agents detect after 30 seconds that the manager is gone
    wait_until(lambda: not any(node.processes() for node in job.nodes), timeout=120.0, pause=0.2)
