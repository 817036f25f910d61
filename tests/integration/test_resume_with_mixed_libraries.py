"""Simulations resumed from each workflow snapshot that a run wrote, ours and MUSCLE3's mixed."""

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


@dataclass(frozen=True)
class Pattern:
    """A way to couple, and when to save.

    Attributes:
        scenario: The scenario.
        every: Simulated time between two checkpoints; None: the scenario has rules of its own.
        settings: Settings that replace those of the scenario.
        fewest: How many workflow snapshots there are at least.
    """

    scenario: str
    every: "float | None" = None
    settings: "Mapping[str, object] | None" = None
    fewest: int = 2

    def run(self, folder: Path, **options: Any) -> ScenarioRun:
        """Run it to its end; see `try_to_run` for the options."""
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
        """Run it as far as it gets, with manager and instances of a library, or each of its own."""
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
LATE = Pattern("filter_last_late", every=0.5, fewest=4)
SELDOM = Pattern(
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
NOT_SHARED = (
    Pattern("instance_set_nested", every=1.5),  # no more to exchange than with `nested`
    Pattern("checkpoints_resizable"),  # MUSCLE3 0.11 hangs at its end
    # and refuses checkpoints with `last`
    LATE,
    Pattern("filter_last", every=0.25, fewest=4),
    PADDED,
    Pattern("filter_last_repeat", every=0.75, fewest=4),
)
QUICK = (MACRO_MICRO, INTERACT)
MOST_ATTEMPTS = 3


def patterns(*chosen: Pattern) -> pytest.MarkDecorator:
    """Runs a test with each; all but the quick ones count as slow."""
    parameters = [
        pytest.param(item, id=item.scenario, marks=[] if item in QUICK else [pytest.mark.slow])
        for item in chosen
    ]
    return pytest.mark.parametrize("pattern", parameters)


def received(run: ScenarioRun, instance: str) -> list[object]:
    """What an instance received on its ports, in order."""
    events = run.results.get(instance, [])
    return [event for event in events if event[0] == "received" and event[1] != "(snapshot)"]


def check_is_rest_of(whole: ScenarioRun, resumed: ScenarioRun, snapshot: Path) -> None:
    """Check that a run resumed from a snapshot went on as the whole one did, to the last bit."""
    check_receives_rest_of(whole, resumed, snapshot)
    check_ends_alike(resumed.run_dir, whole.run_dir)


def check_receives_rest_of(whole: ScenarioRun, resumed: ScenarioRun, snapshot: Path) -> None:
    """Check that all received what they still had to receive, to the last bit."""
    check_resumed(resumed.run_dir, snapshot)
    for instance in whole.results:
        full, rest = received(whole, instance), received(resumed, instance)
        assert rest == full[len(full) - len(rest) :], resumed.account()
        if instance not in map(str, files_in(snapshot)):
            assert rest == full, resumed.account()


@patterns(*SHARED, *NOT_SHARED)
@pytest.mark.timeout(300)
def test_a_run_resumed_from_any_workflow_snapshot_goes_on_as_the_whole_one_did(pattern, tmp_path):
    # How many a run finds depends on how fast its instances are: there is a single one if one of
    # them comes last with all its snapshots.
    for attempt in range(MOST_ATTEMPTS):
        folder = tmp_path / f"{attempt}"
        folder.mkdir()
        if check_each_workflow_snapshot(pattern, folder) >= pattern.fewest:
            return
    pytest.fail(f"no run had {pattern.fewest} workflow snapshots, made at different moments")


def check_each_workflow_snapshot(pattern: Pattern, folder: Path) -> int:
    """Resume from all of a run; return at how many different moments they were made."""
    whole = pattern.run(folder / "whole")
    lengths = set()
    for number, snapshot in enumerate(workflow_snapshots(whole.run_dir)):
        resumed = pattern.run(folder / f"resumed{number}", resume=snapshot)
        check_is_rest_of(whole, resumed, snapshot)
        lengths.add(sum(len(received(resumed, instance)) for instance in whole.results))
    return len(lengths)


@pytest.mark.slow
def test_a_resumed_run_can_be_resumed(tmp_path):
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
    assert f"Snapshot '{foreign}' of 'macro' was written by another library" in resumed.stdout
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
        pytest.param(SELDOM, ["macro"], id="filter_last"),
        pytest.param(PADDED, ["driver", "fine"], id="filter_last_pad"),
    ],
)
def test_who_has_no_part_in_what_a_filter_passes_may_use_muscle3(pattern, theirs, tmp_path):
    libraries = mixed(pattern, theirs)
    whole = pattern.run(tmp_path / "whole", libraries=libraries)
    snapshots = workflow_snapshots(whole.run_dir)
    assert len(snapshots) >= pattern.fewest
    for number, snapshot in enumerate(snapshots):
        resumed = pattern.run(tmp_path / f"{number}", libraries=libraries, resume=snapshot)
        check_receives_rest_of(whole, resumed, snapshot)


@pytest.mark.muscle3
@pytest.mark.slow
def test_who_saves_too_little_to_resume_what_has_passed_a_filter_is_told(tmp_path):
    run = LATE.try_to_run(tmp_path / "run", libraries=mixed(LATE, ["meso"]))
    assert run.exit_code == 1, run.account()
    assert "'meso' uses MUSCLE3's library and calls who sends through conduit" in run.stdout


def mixed(pattern: Pattern, theirs: "Collection[str]") -> "dict[str, LibraryName]":
    """The library of each program, some of them MUSCLE3's."""
    return {
        name: "muscle3" if name in theirs else "conjoin" for name in programs_of(pattern.scenario)
    }
