"""Runs with Conjoin's and MUSCLE3's libraries, resumed from each of their workflow snapshots."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from domain.identity import Reference
from tests.support.reference_runs import TIMEOUT_OF_A_TEST, run_muscle3_alone
from tests.support.scenario_runs import LibraryName, ScenarioRun, programs_of, run_scenario
from tests.support.snapshot_files import (
    check_ends_alike,
    check_resumed,
    files_in,
    in_cpp_form,
    make_foreign,
    workflow_snapshots,
)

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Pattern:
    """A coupling pattern, and when to save.

    Attributes:
        scenario: The scenario.
        every: Simulation time between checkpoints; None if the scenario has its own rules.
        settings: Settings that replace those of the scenario.
        fewest: Least number of workflow snapshots.
    """

    scenario: str
    every: "float | None" = None
    settings: "Mapping[str, object] | None" = None
    fewest: int = 2

    def run(self, folder: Path, **options: Any) -> ScenarioRun:
        """Run to the end; see `try_to_run` for the options."""
        result = self.try_to_run(folder, **options)
        assert result.exit_code == 0, result.account()
        assert not result.left_behind
        return result

    def try_to_run(
        self,
        folder: Path,
        *,
        library: LibraryName = "conjoin",
        libraries: "Mapping[str, LibraryName] | None" = None,
        resume: "Path | None" = None,
    ) -> ScenarioRun:
        """Run until it ends or fails, with manager and instances of one library, or of several."""
        folder.mkdir()
        rules = {"at_end": True, "simulation_time": [{"every": self.every}]}
        options = {
            "settings": self.settings,
            "checkpoints": rules if self.every else None,
            "resume": resume,
        }
        if library != "conjoin" and libraries is None:
            return run_muscle3_alone(self.scenario, version=library, folder=folder, **options)
        return run_scenario(
            self.scenario,
            manager=library,
            libraries=libraries or library,
            tmp_path=folder,
            **options,
        )


MACRO_MICRO = Pattern("checkpoints")
INTERACT = Pattern("interact", every=0.5)
LATE_FILTER = Pattern("filter_last_late", every=0.5, fewest=4)
RARE_CHECKPOINTS = Pattern(
    "filter_last",
    every=0.25,
    settings={"macro.steps": [6], "meso.steps": [0, 0, 2, 0, 0, 1, 0]},
    fewest=4,
)
PADDED = Pattern("filter_last_pad", every=0.75, fewest=4)
SHARED = (
    MACRO_MICRO,
    Pattern("checkpoints_of_a_set"),
    Pattern("checkpoints_ensemble"),
    INTERACT,
    Pattern("dispatch", every=0.5, settings={"steps": [2]}),
    Pattern("nested", every=1.5),
    Pattern("filter_repeat", every=0.25),
    Pattern("filter_pad", every=0.25),
)
CONJOIN_ONLY_PATTERNS = (
    Pattern("instance_set_nested", every=1.5),  # exchanges the same as `nested`
    Pattern("checkpoints_resizable"),  # MUSCLE3 0.11 hangs at its end
    # MUSCLE3 rejects checkpoints with `last`
    LATE_FILTER,
    Pattern("filter_last", every=0.25, fewest=4),
    PADDED,
    Pattern("filter_last_repeat", every=0.75, fewest=4),
)
QUICK = (MACRO_MICRO, INTERACT)
MOST_ATTEMPTS = 3


def patterns(*chosen: Pattern) -> pytest.MarkDecorator:
    """Run a test with each pattern; all but the quick ones are marked as slow."""
    parameters = [
        pytest.param(item, id=item.scenario, marks=[] if item in QUICK else [pytest.mark.slow])
        for item in chosen
    ]
    return pytest.mark.parametrize("pattern", parameters)


def received(run: ScenarioRun, instance: str) -> list[object]:
    """Return what an instance received on its ports, in order."""
    events = run.results.get(instance, [])
    return [event for event in events if event[0] == "received" and event[1] != "(snapshot)"]


def check_is_rest_of(whole: ScenarioRun, resumed: ScenarioRun, snapshot: Path) -> None:
    """Check that a resumed run continued exactly as the whole run did."""
    check_receives_rest_of(whole, resumed, snapshot)
    check_ends_alike(resumed.run_dir, whole.run_dir)


def check_receives_rest_of(whole: ScenarioRun, resumed: ScenarioRun, snapshot: Path) -> None:
    """Check that each instance received exactly the remaining messages."""
    check_resumed(resumed.run_dir, snapshot)
    for instance in whole.results:
        full, rest = received(whole, instance), received(resumed, instance)
        assert rest == full[len(full) - len(rest) :], resumed.account()
        if instance not in map(str, files_in(snapshot)):
            assert rest == full, resumed.account()


@patterns(*SHARED, *CONJOIN_ONLY_PATTERNS)
@pytest.mark.timeout(300)
def test_run_resumed_from_any_workflow_snapshot_continues_as_the_whole_run(pattern, tmp_path):
    # Their number depends on the speed of the instances: there is only one if an instance registers
    # all its snapshots last.
    for attempt in range(MOST_ATTEMPTS):
        folder = tmp_path / f"{attempt}"
        folder.mkdir()
        if check_each_workflow_snapshot(pattern, folder) >= pattern.fewest:
            return
    pytest.fail(f"no run had {pattern.fewest} workflow snapshots of different checkpoints")


def check_each_workflow_snapshot(pattern: Pattern, folder: Path) -> int:
    """Resume from all workflow snapshots; return the number of different checkpoints."""
    whole = pattern.run(folder / "whole")
    lengths = set()
    for number, snapshot in enumerate(workflow_snapshots(whole.run_dir)):
        resumed = pattern.run(folder / f"resumed{number}", resume=snapshot)
        check_is_rest_of(whole, resumed, snapshot)
        lengths.add(sum(len(received(resumed, instance)) for instance in whole.results))
    return len(lengths)


@pytest.mark.slow
def test_resumed_run_can_be_resumed(tmp_path):
    whole = INTERACT.run(tmp_path / "whole")
    first = INTERACT.run(tmp_path / "first", resume=workflow_snapshots(whole.run_dir)[1])
    for number, snapshot in enumerate(workflow_snapshots(first.run_dir)):
        again = INTERACT.run(tmp_path / f"{number}", resume=snapshot)
        check_is_rest_of(whole, again, snapshot)


@pytest.mark.muscle3
@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_OF_A_TEST)
@patterns(*SHARED)
@pytest.mark.parametrize(("before", "after"), [("muscle3", "conjoin"), ("conjoin", "muscle3")])
def test_snapshots_are_exchanged_with_muscle3(pattern, before, after, tmp_path):
    whole = pattern.run(tmp_path / "whole", library=before)
    for number, snapshot in enumerate(workflow_snapshots(whole.run_dir)):
        resumed = pattern.run(tmp_path / f"{number}", library=after, resume=snapshot)
        check_is_rest_of(whole, resumed, snapshot)


@pytest.mark.muscle3
@pytest.mark.timeout(300)
def test_muscle3_resumes_from_a_snapshot_that_we_cannot_decode(tmp_path):
    whole = MACRO_MICRO.run(tmp_path / "whole", library="muscle3")
    snapshot = workflow_snapshots(whole.run_dir)[1]
    foreign = files_in(snapshot)[Reference("macro")]
    make_foreign(foreign)  # MUSCLE3 ignores keys that it does not know
    libraries = dict.fromkeys(programs_of(MACRO_MICRO.scenario), "muscle3")
    resumed = MACRO_MICRO.run(tmp_path / "resumed", libraries=libraries, resume=snapshot)
    assert f"Snapshot '{foreign}' of 'macro' was written by a library other" in resumed.stdout
    for instance in whole.results:
        full, rest = received(whole, instance), received(resumed, instance)
        assert rest == full[len(full) - len(rest) :], resumed.account()


@pytest.mark.muscle3
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("pattern", [MACRO_MICRO, INTERACT], ids=lambda item: item.scenario)
def test_snapshots_in_the_form_of_the_cpp_library_are_resumed_from(pattern, tmp_path):
    whole = pattern.run(tmp_path / "whole", library="muscle3")
    for number, snapshot in enumerate(workflow_snapshots(whole.run_dir)):
        kept = {path: path.read_bytes() for path in files_in(snapshot).values()}
        for path, data in kept.items():
            path.write_bytes(in_cpp_form(data))
        resumed = pattern.run(tmp_path / f"{number}", resume=snapshot)
        check_is_rest_of(whole, resumed, snapshot)
        for path, data in kept.items():
            path.write_bytes(data)


@pytest.mark.muscle3
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("pattern", "theirs"),
    [
        pytest.param(RARE_CHECKPOINTS, ["macro"], id="filter_last"),
        pytest.param(PADDED, ["driver", "fine"], id="filter_last_pad"),
    ],
)
def test_instance_not_involved_in_a_filter_may_use_muscle3(pattern, theirs, tmp_path):
    libraries = mixed(pattern, theirs)
    whole = pattern.run(tmp_path / "whole", libraries=libraries)
    snapshots = workflow_snapshots(whole.run_dir)
    assert len(snapshots) >= pattern.fewest
    for number, snapshot in enumerate(snapshots):
        resumed = pattern.run(tmp_path / f"{number}", libraries=libraries, resume=snapshot)
        check_receives_rest_of(whole, resumed, snapshot)


@pytest.mark.muscle3
@pytest.mark.slow
def test_instance_that_saves_too_little_for_a_filter_is_rejected(tmp_path):
    run = LATE_FILTER.try_to_run(tmp_path / "run", libraries=mixed(LATE_FILTER, ["meso"]))
    assert run.exit_code == 1, run.account()
    assert "'meso' uses MUSCLE3's library and calls the sender of conduit" in run.stdout


def mixed(pattern: Pattern, theirs: "Collection[str]") -> "dict[str, LibraryName]":
    """Return the library of each program, some of them MUSCLE3's."""
    return {
        name: "muscle3" if name in theirs else "conjoin" for name in programs_of(pattern.scenario)
    }
