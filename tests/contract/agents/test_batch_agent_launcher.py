"""Tests of real agents in jobs of a real Slurm."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.batch_agents.launcher import BatchAgentLauncher
from adapters.batch_agents.mpiexec import recognise_mpiexec
from adapters.batch_agents.srun import Srun
from adapters.batch_jobs.detection import detect_batch_job
from adapters.batch_jobs.node_lists import expand_names
from application.interfaces.agents import AgentLauncher
from conjoin.testing import RunningAgentsContract
from domain.placement.batch_jobs import JobNode
from domain.running.agents import AgentOrders
from tests.support.conditions import wait_until
from tests.support.nodes import Nodes
from tests.support.slurm import SlurmCluster


class TestBatchAgentLauncherWithSrun(RunningAgentsContract):
    @pytest.fixture(autouse=True)
    def allocate(self, cluster: SlurmCluster) -> Iterator[None]:
        self.cluster = cluster
        self.hosts = (cluster.nodes.head,)
        with cluster.allocation("-N2", "--ntasks-per-node=2") as self.environment:
            yield

    def make(self) -> AgentLauncher:
        job = detect_batch_job(self.environment)
        assert job is not None
        starter = Srun(expand_names)
        return BatchAgentLauncher(job.nodes, starter=starter, environment=self.environment)

    def let_die(self, launcher: AgentLauncher, node: str) -> None:
        (found,) = [item for item in self.cluster.nodes if item.name == node]
        found.wait_for_process("entrypoints.agent").kill()

    def test_missing_interpreter_is_reported_for_each_node(self, tmp_path: Path) -> None:
        lost = self.launch_in_vain(tmp_path, python="/no/python")
        assert {node for node, _ in lost} == {"node1", "node2"}
        assert "execve(): /no/python: No such file or directory" in lost[0][1]

    def test_run_directory_that_a_node_lacks_is_reported(self, tmp_path: Path) -> None:
        for node in self.cluster.nodes.nodes[:2]:
            subprocess.run([*node.run, "mount", "-t", "tmpfs", "none", tmp_path], check=True)
        try:
            lost = self.launch_in_vain(tmp_path)
        finally:
            for node in self.cluster.nodes.nodes[:2]:
                subprocess.run([*node.run, "umount", tmp_path], check=True)
        assert {node for node, _ in lost} == {"node1", "node2"}
        assert "logs of the manager does not exist on this machine" in lost[0][1]

    def launch_in_vain(self, folder: Path, **options: str) -> list[tuple[str, str]]:
        """Launch agents that fail, and return the losses until both nodes are lost."""
        job = detect_batch_job(self.environment)
        assert job is not None
        (folder / "logs").mkdir()
        launcher = BatchAgentLauncher(
            job.nodes, starter=Srun(expand_names), environment=self.environment, **options
        )
        lost: list[tuple[str, str]] = []
        orders = AgentOrders(("tcp:127.0.0.1:9",), "a secret", 20.0, 2.0, folder / "logs")
        launcher.launch(orders, on_lost=lambda *loss: lost.append(loss))
        wait_until(lambda: any("the command that started" in reason for _, reason in lost))
        launcher.close()
        return lost


def mpiexec() -> str:
    found = shutil.which("mpiexec")
    if found is None:
        if os.environ.get("CONJOIN_CI") == "1":
            pytest.fail("no mpiexec on this machine: install openmpi-bin")
        pytest.skip("no mpiexec on this machine: install openmpi-bin")
    return found


@pytest.mark.slow
class TestBatchAgentLauncherWithMpiexec(RunningAgentsContract):
    @pytest.fixture(autouse=True)
    def prepare(self, nodes: Nodes, tmp_path: Path) -> None:
        self.nodes = nodes
        self.hosts = (nodes.head,)
        ssh = tmp_path / "ssh"
        options = f"-F {nodes.write_ssh_config(tmp_path)} -o UserKnownHostsFile={nodes.known_hosts}"
        ssh.write_text(f'#!/bin/sh\nexec ssh {options} "$@"\n')
        ssh.chmod(0o755)
        self.environment = {
            **os.environ,
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_plm_rsh_agent": str(ssh),
        }

    def make(self) -> AgentLauncher:
        starter = recognise_mpiexec(mpiexec(), self.environment)
        nodes = [JobNode(node.name) for node in self.nodes.nodes[:2]]
        return BatchAgentLauncher(nodes, starter=starter, environment=self.environment)

    def let_die(self, launcher: AgentLauncher, node: str) -> None:
        (found,) = [item for item in self.nodes if item.name == node]
        found.wait_for_process("entrypoints.agent").kill()
