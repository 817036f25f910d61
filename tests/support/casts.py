"""Casts of a scenario: the library that its manager and each of its programs use."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.scenario_runs import (
    LibraryName,
    ManagerName,
    ScenarioRun,
    programs_of,
    run_scenario,
)


@dataclass(frozen=True, slots=True)
class Cast:
    """The library that the manager and each program of a scenario use."""

    name: str
    manager: ManagerName
    libraries: Callable[[tuple[str, ...]], Mapping[str, LibraryName]]

    def run(self, scenario: str, tmp_path: Path, **options) -> ScenarioRun:
        """Run a scenario with this cast."""
        libraries = self.libraries(programs_of(scenario))
        return run_scenario(
            scenario, manager=self.manager, libraries=libraries, tmp_path=tmp_path, **options
        )


def _all(library: LibraryName) -> Callable[[tuple[str, ...]], Mapping[str, LibraryName]]:
    return lambda programs: dict.fromkeys(programs, library)


def _in_turn(
    first: LibraryName, second: LibraryName
) -> Callable[[tuple[str, ...]], Mapping[str, LibraryName]]:
    return lambda programs: {p: (first, second)[i % 2] for i, p in enumerate(programs)}


CONJOIN_ONLY = Cast("conjoin only", "conjoin", _all("conjoin"))
MUSCLE3_INSTANCES = Cast("conjoin manager, muscle3 instances", "conjoin", _all("muscle3"))
MUSCLE3_MANAGER = Cast("muscle3 manager, conjoin instances", "muscle3", _all("conjoin"))
MIXED = Cast("conjoin manager, mixed", "conjoin", _in_turn("conjoin", "muscle3"))
MIXED_REVERSED = Cast(
    "conjoin manager, mixed in reverse", "conjoin", _in_turn("muscle3", "conjoin")
)
MUSCLE3_MANAGER_MIXED = Cast("muscle3 manager, mixed", "muscle3", _in_turn("conjoin", "muscle3"))
MUSCLE3_MANAGER_MIXED_REVERSED = Cast(
    "muscle3 manager, mixed in reverse", "muscle3", _in_turn("muscle3", "conjoin")
)
MUSCLE3_0_10_INSTANCES = Cast(
    "conjoin manager, muscle3 0_10 instances", "conjoin", _all("muscle3_0_10")
)
CASTS = (
    CONJOIN_ONLY,
    MUSCLE3_INSTANCES,
    MUSCLE3_MANAGER,
    MIXED,
    MIXED_REVERSED,
    MUSCLE3_MANAGER_MIXED,
)
NOT_MIXED = (CONJOIN_ONLY, MUSCLE3_INSTANCES, MUSCLE3_MANAGER)


def casts(*chosen: Cast) -> pytest.MarkDecorator:
    """Run a test with each of the casts; all but the one without MUSCLE3 are marked as slow."""
    parameters = [pytest.param(cast, id=_id_of(cast), marks=_marks(cast)) for cast in chosen]
    return pytest.mark.parametrize("cast", parameters)


def scenarios_and_casts(
    scenarios: Iterable[str], chosen: Sequence[Cast], *, quick: Collection[str]
) -> pytest.MarkDecorator:
    """Run a test with each of the casts in each of the scenarios.

    Args:
        scenarios: The scenarios.
        chosen: The casts.
        quick: Scenarios that are not marked as slow, except with a mixed cast.
    """
    parameters = [
        pytest.param(
            scenario,
            cast,
            id=f"{_id_of(cast)}-{scenario}",
            marks=[] if scenario in quick and cast in NOT_MIXED else [pytest.mark.slow],
        )
        for cast in chosen
        for scenario in scenarios
    ]
    return pytest.mark.parametrize(("scenario", "cast"), parameters)


def _id_of(cast: Cast) -> str:
    return re.sub(r"\W+", "_", cast.name)


def _marks(cast: Cast) -> list[pytest.MarkDecorator]:
    return [] if cast == CONJOIN_ONLY else [pytest.mark.slow]
