"""What a run in a real Slurm job reports and leaves behind when a part of it fails."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.integration.batch_jobs.jobs import CONJOIN
from tests.support.conditions import wait_until
from tests.support.nodes import running_nodes
from tests.support.slurm import SlurmCluster, running_slurm_cluster

pytestmark = pytest.mark.slow

PATIENCE = 120.0
MARK = "1000.25"
"""Identifies the programs of the run by their command line: the seconds that they sleep."""

MODEL = f"""\
ymmsl_version: v0.1
model:
  name: sleeping
  components:
    sleeper: {{implementation: sleeper, multiplicity: [4], ports: {{}}}}
implementations:
  sleeper: {{executable: sleep, args: ["{MARK}"]}}
resources:
  sleeper: {{threads: 2}}
"""


class SleepingRun:
    """A run in a job on four nodes, whose four programs sleep.

    Args:
        cluster: The cluster.
        folder: The working directory.
    """

    def __init__(self, cluster: SlurmCluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        (folder / "model.ymmsl").write_text(MODEL)
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.salloc = subprocess.Popen(
                [
                    *("salloc", "--quiet", "-N4", "--ntasks-per-node=2", "--job-name=sleeping"),
                    *(CONJOIN, "run", "--start-all", "--grace-time", "1", "model.ymmsl"),
                ],
                cwd=folder,
                env=cluster.slurm.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for_start(self) -> None:
        """Wait until all programs run."""
        wait_until(lambda: len(self.programs()) == 4 or self.has_ended(), timeout=PATIENCE)
        assert not self.has_ended(), self.output.read_text()

    def has_ended(self) -> bool:
        """Whether the run has ended."""
        return self.salloc.poll() is not None

    def programs(self) -> list[psutil.Process]:
        """Return the programs that run."""
        return [process for node in self.cluster.nodes for process in node.processes(MARK)]

    def wait_for_end(self) -> str:
        """Wait until the run has ended, and return what it printed."""
        self.salloc.wait(PATIENCE)
        return self.output.read_text()

    def is_gone(self) -> bool:
        """Whether no process of the run is left on any node."""
        return not any(
            node.processes(part)
            for node in self.cluster.nodes
            for part in (MARK, "entrypoints.agent", "conjoin-watchdog")
        )

    def check_gone(self) -> None:
        """Check that no process of the run remains on any node."""
        wait_until(self.is_gone, timeout=PATIENCE)

    def manager(self) -> psutil.Process:
        """Return the process of the manager."""
        (found,) = psutil.Process(self.salloc.pid).children()
        return found

    def srun(self) -> psutil.Process:
        """Return the process that has started the agents."""
        return next(child for child in self.manager().children() if child.name() == "srun")


@contextlib.contextmanager
def sleeping_run(cluster: SlurmCluster, folder: Path) -> Iterator[SleepingRun]:
    run = SleepingRun(cluster, folder)
    try:
        run.wait_for_start()
        yield run
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.salloc.pid, signal.SIGKILL)
        run.salloc.wait()


@pytest.fixture
def run(cluster: SlurmCluster, tmp_path: Path) -> Iterator[SleepingRun]:
    with sleeping_run(cluster, tmp_path) as started:
        yield started


@pytest.fixture
def run_on_fragile_nodes(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SleepingRun]:
    """A run on nodes of its own, which may fail."""
    folder = tmp_path_factory.mktemp("fragile")
    with (
        running_nodes() as nodes,
        running_slurm_cluster(folder, nodes, cpus=2) as cluster,
        sleeping_run(cluster, tmp_path) as started,
    ):
        yield started


def test_power_failure_of_a_node_ends_the_run_with_its_name(run_on_fragile_nodes: SleepingRun):
    run = run_on_fragile_nodes
    run.cluster.nodes[2].cut_power()
    text = run.wait_for_end()
    assert run.salloc.returncode == 1, text
    assert "Node 'node3' was lost" in text
    assert "Because of this, these failed: sleeper[2]." in text
    survivors = [node for node in run.cluster.nodes if node.name != "node3"]
    assert not any(node.processes(MARK) for node in survivors)


def test_pulled_cable_of_a_node_ends_the_run_with_its_name(run_on_fragile_nodes: SleepingRun):
    run = run_on_fragile_nodes
    run.cluster.nodes[1].pull_cable()
    text = run.wait_for_end()
    assert run.salloc.returncode == 1, text
    assert "Node 'node2' was lost: its agent sent nothing for 30 seconds" in text
    # the agent ends its program by itself, although nothing can reach it
    run.check_gone()


def test_killed_agent_ends_the_run_with_the_name_of_its_node(run: SleepingRun):
    run.cluster.nodes[3].wait_for_process("entrypoints.agent").kill()
    text = run.wait_for_end()
    assert run.salloc.returncode == 1, text
    assert "Node 'node4' was lost: its agent failed: srun: error: node4: task 3: Killed" in text
    run.check_gone()


def test_no_process_is_left_after_the_manager_is_killed(run: SleepingRun):
    run.manager().kill()
    run.wait_for_end()
    run.check_gone()


def test_no_process_is_left_after_srun_is_killed(run: SleepingRun):
    run.srun().kill()
    text = run.wait_for_end()
    assert run.salloc.returncode == 1, text
    assert "was killed by signal 9" in text or "was ended by SIGKILL" in text, text
    run.check_gone()


def test_no_process_is_left_after_a_program_fails(run: SleepingRun):
    run.programs()[0].kill()
    text = run.wait_for_end()
    assert run.salloc.returncode == 1, text
    assert "sleeper[0]" in text
    run.check_gone()


def test_no_process_is_left_after_the_job_is_cancelled(run: SleepingRun):
    run.cluster.slurm.run("scancel", "--name=sleeping")
    run.wait_for_end()
    run.check_gone()


def test_no_process_is_left_after_the_run_is_stopped(run: SleepingRun):
    run.manager().send_signal(signal.SIGTERM)
    run.wait_for_end()
    run.check_gone()
