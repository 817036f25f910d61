"""Runs of scenarios that several tests compare with."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.support.scenario_runs import LibraryName, ScenarioRun, run_scenario

ReferenceRun = Callable[..., ScenarioRun]


@pytest.fixture(scope="session")
def reference_run(tmp_path_factory: pytest.TempPathFactory) -> ReferenceRun:
    """A function that runs a scenario with MUSCLE3 alone, once a session."""

    @cache
    def run(name: str, version: LibraryName = "muscle3", **settings: object) -> ScenarioRun:
        return run_scenario(
            name,
            manager=version,
            libraries=version,
            tmp_path=tmp_path_factory.mktemp(name),
            settings=settings,
        )

    return run
