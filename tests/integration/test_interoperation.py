"""Conjoin and MUSCLE3 can replace each other in a coupled simulation.

Every scenario runs with MUSCLE3 alone first, then with our manager, our instances, or a mixture.
Each program must observe exactly the same in all of them.
"""

from pathlib import Path

import pytest

from tests.support.casts import (
    CONJOIN_ONLY,
    MIXED,
    MIXED_REVERSED,
    MUSCLE3_INSTANCES,
    MUSCLE3_MANAGER,
    MUSCLE3_MANAGER_MIXED,
    Cast,
    casts,
    scenarios_and_casts,
)
from tests.support.reference_runs import TIMEOUT_OF_A_TEST
from tests.support.scenario_runs import LibraryName, ManagerName, ScenarioRun, run_scenario

pytestmark = [pytest.mark.muscle3, pytest.mark.timeout(TIMEOUT_OF_A_TEST)]

SCENARIOS = (
    "macro_micro",
    "instance_set",
    "instance_set_nested",
    "settings_overlays",
    "dispatch",
    "dispatch_in_loop",
    "interact",
    "multicast",
    "filter_repeat",
    "filter_pad",
    "filter_last",
    "filter_last_repeat",
    "filter_last_pad",
    "filter_two_levels",
    "nested",
    "resizable",
    "resizable_rounds",
    "payloads",
    "checkpoints",
    "misuse",
)
SCENARIOS_OF_0_10 = (
    "macro_micro",
    "instance_set",
    "settings_overlays",
    "dispatch",
    "dispatch_in_loop",
    "multicast",
    "resizable",
    "payloads",
    "checkpoints",
)


@scenarios_and_casts(
    SCENARIOS,
    (CONJOIN_ONLY, MUSCLE3_INSTANCES, MUSCLE3_MANAGER, MIXED, MIXED_REVERSED),
    quick=("macro_micro", "instance_set", "dispatch", "payloads"),
)
def test_results_equal_those_of_muscle3_alone(
    scenario: str, cast: Cast, tmp_path: Path, reference_run
):
    run = cast.run(scenario, tmp_path)
    assert_clean_success(run)
    assert_same_results(run, reference_run(scenario))


@pytest.mark.parametrize(
    "scenario", ["macro_micro", "instance_set", "settings_overlays", "dispatch", "multicast"]
)
@casts(MUSCLE3_MANAGER_MIXED)
def test_mixed_instances_under_the_muscle3_manager_have_equal_results(
    scenario: str, cast: Cast, tmp_path: Path, reference_run
):
    run = cast.run(scenario, tmp_path)
    assert_clean_success(run)
    assert_same_results(run, reference_run(scenario))


@pytest.mark.parametrize("scenario", SCENARIOS_OF_0_10)
@pytest.mark.slow
def test_manager_runs_instances_of_muscle3_0_10(scenario: str, tmp_path: Path, reference_run):
    run = run_scenario(scenario, manager="conjoin", libraries="muscle3_0_10", tmp_path=tmp_path)
    assert_clean_success(run)
    assert_same_results(run, reference_run(scenario, "muscle3_0_10"))


@pytest.mark.parametrize("scenario", ["interact", "instance_set_nested", "nested_plain"])
@pytest.mark.slow
def test_instances_of_muscle3_0_10_run_files_that_their_manager_rejects(
    scenario: str, tmp_path: Path, reference_run
):
    """MUSCLE3 0.10 rejects these files, so the expected results are those of 0.11."""
    run = run_scenario(scenario, manager="conjoin", libraries="muscle3_0_10", tmp_path=tmp_path)
    assert_clean_success(run)
    assert_same_results(run, reference_run(scenario))


@pytest.mark.slow
def test_instance_of_muscle3_0_10_is_rejected_in_a_run_of_0_11(tmp_path: Path):
    libraries: dict[str, LibraryName] = {"macro": "muscle3", "micro": "muscle3_0_10"}
    run = run_scenario("macro_micro", manager="conjoin", libraries=libraries, tmp_path=tmp_path)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "0.10" in run.stdout + run.manager_log


@casts(CONJOIN_ONLY)
def test_reduction_to_the_root_timeline_completes(cast: Cast, tmp_path: Path):
    run = cast.run("filter_last_to_root", tmp_path)
    assert_clean_success(run)
    received = [event for event in run.results["reviewer"] if event[0] == "received"]
    assert len(received) == 1
    data = dict(received[0][3]["data"]["map"])
    assert (data["from"], data["step"]) == ("macro", 2)


@casts(CONJOIN_ONLY)
def test_resizable_port_changes_its_length_between_rounds(cast: Cast, tmp_path: Path):
    run = cast.run("resizable_rounds", tmp_path, settings={"lengths": [2, 3, 1]})
    assert_clean_success(run)
    assert [e[1] for e in run.results["receiver"] if e[0] == "length"] == [2, 3, 1]
    assert [e[1] for e in run.results["sender"] if e[0] == "length after"] == [3, 4, 2]


@pytest.mark.parametrize("allowed", ["unconnected_send", "unconnected_default"])
@casts(CONJOIN_ONLY, MUSCLE3_MANAGER)
def test_calls_on_unconnected_ports_are_accepted(allowed: str, cast: Cast, tmp_path: Path):
    assert_clean_success(cast.run("misuse", tmp_path, settings={"mistake": allowed}))


@pytest.mark.parametrize("manager", ["conjoin", "muscle3"])
def test_threads_that_use_one_muscle3_peer_do_not_block_each_other(
    manager: ManagerName, tmp_path: Path
):
    libraries: dict[str, LibraryName] = {"caller": "conjoin", "answering": "muscle3"}
    run = run_scenario("threads", manager=manager, libraries=libraries, tmp_path=tmp_path)
    assert_clean_success(run)
    doubled = [2 * step for step in range(50)]
    assert run.results["caller"] == [["early", doubled], ["late", doubled]]


def assert_clean_success(run: ScenarioRun) -> None:
    """Assert that the run succeeded, reported that, and left no process behind."""
    assert run.exit_code == 0, run.account()
    assert "Simulation completed successfully." in run.stdout
    assert not run.left_behind


def assert_same_results(run: ScenarioRun, reference: ScenarioRun) -> None:
    """Assert that every instance observed the same events as with MUSCLE3 alone."""
    assert reference.exit_code == 0, reference.account()
    assert set(run.results) == set(reference.results)
    for instance, expected in reference.results.items():
        for number, (seen, wanted) in enumerate(zip(run.results[instance], expected, strict=False)):
            assert seen == wanted, f"event {number} of {instance}"
        assert len(run.results[instance]) == len(expected), instance
