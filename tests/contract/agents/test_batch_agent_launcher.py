"""Tests of real agents in jobs of a real Slurm."""

from collections.abc import Iterator

import pytest

from adapters.batch_agents.launcher import BatchAgentLauncher
from adapters.batch_agents.srun import Srun
from adapters.batch_jobs.detection import detect_batch_job
from adapters.batch_jobs.node_lists import expand_names
from application.interfaces.agents import AgentLauncher
from conjoin.testing import RunningAgentsContract
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
