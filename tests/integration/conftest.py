"""Fixtures of the integration tests: reference runs of scenarios."""

import pytest

from tests.support.reference_runs import ReferenceRuns


@pytest.fixture(scope="session")
def reference_run(tmp_path_factory: pytest.TempPathFactory) -> ReferenceRuns:
    """A function that runs a scenario with MUSCLE3 alone, once per test session."""
    return ReferenceRuns(tmp_path_factory.mktemp)
