"""Settings and fixtures for all tests."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.leftovers import Surroundings, wait_for_leftovers
from tests.support.nodes import Nodes, running_nodes
from tests.support.slurm import Slurm, SlurmCluster, running_slurm, running_slurm_cluster

# Tests may be slow on a busy machine without failing. Each run tries other examples.
settings.register_profile(
    "patient", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

# The tests start hundreds of small programs, and numpy takes twice as long if it starts threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A shell makes its background jobs, and their child processes, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, a child process, or an open file or socket behind."""
    before = Surroundings.now()
    yield
    left = wait_for_leftovers(before)
    assert not left, f"The test left behind: {', '.join(left)}"


@pytest.fixture(scope="session")
def slurm_started_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """A real Slurm for all tests that need one."""
    with running_slurm(tmp_path_factory.mktemp("slurm")) as started:
        yield started


@pytest.fixture
def slurm(slurm_started_once: Slurm) -> Iterator[Slurm]:
    """A real Slurm, without jobs."""
    yield slurm_started_once
    slurm_started_once.end_jobs()


@pytest.fixture(scope="session")
def nodes_started_once() -> Iterator[Nodes]:
    """Nodes with SSH servers for all tests of this process that need some."""
    with running_nodes() as started:
        yield started


@pytest.fixture
def nodes(nodes_started_once: Nodes) -> Iterator[Nodes]:
    """Nodes that work, on which no program runs. Fails a test that leaves a program there."""
    nodes_started_once.repair()
    yield nodes_started_once
    nodes_started_once.repair()
    left = {node.name: lines for node in nodes_started_once if (lines := node.end_processes())}
    assert not left, f"The test left programs on nodes: {left}"


@pytest.fixture(scope="session")
def cluster_started_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """A Slurm on four nodes for all tests of this process that need one."""
    folder = tmp_path_factory.mktemp("cluster")
    with running_nodes() as nodes, running_slurm_cluster(folder, nodes, cpus=2) as started:
        yield started


@pytest.fixture
def cluster(cluster_started_once: SlurmCluster) -> Iterator[SlurmCluster]:
    """A Slurm on four nodes with two CPUs each. Fails a test that leaves a program there."""
    yield cluster_started_once
    cluster_started_once.slurm.end_jobs()
    left = cluster_started_once.programs_left()
    assert not left, f"The test left programs on nodes: {left}"
