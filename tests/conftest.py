"""What holds for every test."""

from collections.abc import Iterator

import pytest

from tests.support.leftovers import Surroundings, wait_for_leftovers
from tests.support.slurm import Slurm, running_slurm


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, a child process, or an open file or socket behind."""
    before = Surroundings.now()
    yield
    left = wait_for_leftovers(before)
    assert not left, f"The test left behind: {', '.join(left)}"


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """A real Slurm."""
    with running_slurm(tmp_path_factory.mktemp("slurm")) as started:
        yield started
