"""Runs of scenarios with MUSCLE3 alone, for comparison with other runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.scenario_runs import LibraryName, ScenarioRun, run_scenario

LIMITS = (60.0, 120.0, 180.0)
"""Seconds after which a run of MUSCLE3 alone counts as hanging, for each try.

On an idle machine it takes 2 to 4 seconds, but up to 60 with ten busy processes per core.
"""

TIMEOUT_OF_A_TEST = 180 + sum(LIMITS)
"""Seconds for a test that compares its own run with a reference run."""


class PeerHungError(AssertionError):
    """MUSCLE3 alone did not end in any of several attempts.

    Args:
        scenario: Name of the scenario.
        run: The last attempt.
    """

    def __init__(self, scenario: str, run: ScenarioRun) -> None:
        super().__init__(
            f"MUSCLE3 alone did not end within {LIMITS[-1]:g} s, tries: {len(LIMITS)}. Conjoin took"
            f" no part in these runs of scenario '{scenario}'. The last try:\n{run.account()}"
        )


def run_muscle3_alone(
    scenario: str,
    *,
    version: LibraryName,
    folder: Path,
    run: Callable[..., ScenarioRun] = run_scenario,
    **options: Any,
) -> ScenarioRun:
    """Run a scenario with MUSCLE3's manager and instances, and again with more time if it hangs.

    Args:
        scenario: Its name.
        version: The version of MUSCLE3.
        folder: An empty folder. Each attempt gets a folder in it.
        run: Runs a scenario.
        options: Passed to `run`; see `run_scenario`.

    Raises:
        PeerHungError: If MUSCLE3 does not end in any attempt.
    """
    for number, limit in enumerate(LIMITS):
        place = folder / f"try{number}"
        place.mkdir()
        done = run(
            scenario,
            manager=version,
            libraries=version,
            tmp_path=place,
            timeout=limit,
            **options,
        )
        if done.exit_code is not None:
            return done
        print(f"MUSCLE3 alone did not end within {limit:g} s: {scenario}")
    raise PeerHungError(scenario, done)


class ReferenceRuns:
    """Runs each scenario with MUSCLE3 alone, once for all tests that compare with it.

    A run that hangs is not kept.

    Args:
        new_folder: Makes an empty folder with a name like the given one.
        run: Runs a scenario; see `run_scenario`.
    """

    def __init__(
        self,
        new_folder: Callable[[str], Path],
        *,
        run: Callable[..., ScenarioRun] = run_scenario,
    ) -> None:
        self._new_folder = new_folder
        self._run = run
        self._kept: dict[object, ScenarioRun] = {}

    def __call__(
        self, scenario: str, version: LibraryName = "muscle3", **settings: object
    ) -> ScenarioRun:
        """Return the run of a scenario.

        Args:
            scenario: Its name.
            version: The version of MUSCLE3.
            settings: Settings that replace those of the scenario.

        Raises:
            PeerHungError: If MUSCLE3 does not end in any of several attempts.
        """
        key = (scenario, version, tuple(sorted(settings.items())))
        if key not in self._kept:
            self._kept[key] = run_muscle3_alone(
                scenario,
                version=version,
                folder=self._new_folder(scenario),
                run=self._run,
                settings=settings,
            )
        return self._kept[key]
