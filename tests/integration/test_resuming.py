"""Simulations resumed from each workflow snapshot that a run wrote, ours and MUSCLE3's mixed."""

from pathlib import Path

import pytest

from tests.support.scenario_runs import ScenarioRun, run_scenario

SCENARIOS = ("checkpoints", "checkpoints_of_a_set")
SCENARIOS_OF_EXCHANGE = ("checkpoints_ensemble",)


def received(run: ScenarioRun, instance: str) -> list[object]:
    """What an instance received on its ports, in order."""
    events = run.results.get(instance, [])
    return [event for event in events if event[0] == "received" and event[1] != "(snapshot)"]


def check_is_rest_of(whole: ScenarioRun, resumed: ScenarioRun) -> None:
    """Check that a resumed run went on as the whole one did, to the last bit."""
    for instance in whole.results:
        full, rest = received(whole, instance), received(resumed, instance)
        assert rest == full[len(full) - len(rest) :], resumed.account()


def run(name: str, libraries, folder: Path, manager="conjoin", resume=None) -> ScenarioRun:
    folder.mkdir()
    result = run_scenario(
        name, manager=manager, libraries=libraries, tmp_path=folder, resume=resume
    )
    assert result.exit_code == 0, result.account()
    assert not result.left_behind
    return result


def snapshots_of(result: ScenarioRun) -> list[Path]:
    paths = sorted((result.run_dir / "snapshots").glob("snapshot_*.ymmsl"))
    assert paths, "no workflow snapshot was written"
    return paths


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_run_resumed_from_any_workflow_snapshot_goes_on_as_the_whole_one_did(name, tmp_path):
    whole = run(name, "conjoin", tmp_path / "whole")
    lengths = set()
    for number, snapshot in enumerate(snapshots_of(whole)):
        resumed = run(name, "conjoin", tmp_path / f"resumed{number}", resume=snapshot)
        check_is_rest_of(whole, resumed)
        lengths.add(len(received(resumed, "macro")))
    assert len(lengths) > 1  # they were made at different moments


def test_a_resumed_run_can_be_resumed(tmp_path):
    whole = run("checkpoints_of_a_set", "conjoin", tmp_path / "whole")
    first = run(
        "checkpoints_of_a_set", "conjoin", tmp_path / "first", resume=snapshots_of(whole)[1]
    )
    for number, snapshot in enumerate(snapshots_of(first)):
        again = run("checkpoints_of_a_set", "conjoin", tmp_path / f"{number}", resume=snapshot)
        check_is_rest_of(whole, again)


@pytest.mark.muscle3
@pytest.mark.slow
@pytest.mark.parametrize("name", [*SCENARIOS, *SCENARIOS_OF_EXCHANGE])
@pytest.mark.parametrize(("before", "after"), [("muscle3", "conjoin"), ("conjoin", "muscle3")])
def test_snapshots_are_exchanged_with_muscle3(name, before, after, tmp_path):
    whole = run(name, before, tmp_path / "whole", manager=before)
    for number, snapshot in enumerate(snapshots_of(whole)):
        resumed = run(name, after, tmp_path / f"{number}", manager=after, resume=snapshot)
        check_is_rest_of(whole, resumed)
