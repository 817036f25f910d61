"""Runs of scenarios that several tests compare with."""

import pytest

from tests.support.reference_runs import ReferenceRuns


@pytest.fixture(scope="session")
def reference_run(tmp_path_factory: pytest.TempPathFactory) -> ReferenceRuns:
    """A function that runs a scenario with MUSCLE3 alone, once a session."""
    return ReferenceRuns(tmp_path_factory.mktemp)
