"""What holds for every test."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.leftovers import Surroundings, wait_for_leftovers
from tests.support.slurm import Slurm, running_slurm

# A busy machine may take its time: a test that is slow there is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Hundreds of small programs are started: numpy takes twice as long if it starts threads in each.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A shell has what it starts in the background ignore Ctrl-C, and all that comes of it as well.
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
