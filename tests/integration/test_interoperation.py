"""Conjoin and MUSCLE3 take each other's place in a coupled simulation.

Every scenario runs with MUSCLE3 alone first; then with our manager, our instances, or some of both,
and each program must observe exactly the same.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.support.scenario_runs import (
    LibraryName,
    ManagerName,
    ScenarioRun,
    programs_of,
    run_scenario,
)

pytestmark = [pytest.mark.muscle3, pytest.mark.timeout(180)]

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
OUT_OF_ORDER = (
    r"Not allowed to .* yet: was expecting one of the following instead:\n"
    r"- A receive on S port 'state_in'"
)
TEXTS = {
    "unconnected_receive": "unconnected_in",
    "no_such_port": "nothing",
    "wrong_direction": "state_out",
    "slot_on_scalar_port": "state_out",
    "not_resizable": "state_out",
    "early_reuse": OUT_OF_ORDER,
    "send_twice": OUT_OF_ORDER,
}
SIGNS = {
    "raise": "The matrix is singular.",
    "exit": "code 3",
    "kill": "SIGKILL|signal 9",
    "error_shutdown": "code 1",
}
LOST_PEER = re.compile(
    r"Port \S+ was closed while trying to receive on it, did the peer crash\?"
    r"|connection with peer '.*' was lost\. Did the peer crash\?"
)
DEADLOCK_TIMEOUT = 11.0  # a second one makes up for all that may hold us up on a busy machine
SECONDS_TO_START_AND_STOP = 4.0
DEADLOCK = "Deadlock detected while receiving a message on port 'boundary_in'."


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays which part: whose manager, and whose library for each program."""

    name: str
    manager: ManagerName
    libraries: Callable[[tuple[str, ...]], Mapping[str, LibraryName]]

    def run(self, scenario: str, tmp_path: Path, **options) -> ScenarioRun:
        """Runs a scenario with this cast."""
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


OURS_ALONE = Cast("ours alone", "conjoin", _all("conjoin"))
THEIR_INSTANCES = Cast("our manager, their instances", "conjoin", _all("muscle3"))
THEIR_MANAGER = Cast("their manager, our instances", "muscle3", _all("conjoin"))
MIXED = Cast("our manager, mixed", "conjoin", _in_turn("conjoin", "muscle3"))
MIXED_OTHERWISE = Cast("our manager, mixed otherwise", "conjoin", _in_turn("muscle3", "conjoin"))
THEIRS_MIXED = Cast("their manager, mixed", "muscle3", _in_turn("conjoin", "muscle3"))
THEIR_OLD_INSTANCES = Cast("our manager, their 0_10 instances", "conjoin", _all("muscle3_0_10"))
CASTS = (OURS_ALONE, THEIR_INSTANCES, THEIR_MANAGER, MIXED, MIXED_OTHERWISE, THEIRS_MIXED)
PlayedRun: TypeAlias = Callable[..., ScenarioRun]


@pytest.fixture(scope="module")
def played_run(tmp_path_factory: pytest.TempPathFactory) -> PlayedRun:
    """A function that runs a scenario with a cast, once for all tests that look at it."""

    @cache
    def run(cast: Cast, scenario: str, **settings: object) -> ScenarioRun:
        return cast.run(scenario, tmp_path_factory.mktemp(scenario), settings=settings)

    return run


def casts(*chosen: Cast) -> pytest.MarkDecorator:
    """Runs a test with each of the casts; all but the first three count as slow."""
    parameters = [
        pytest.param(cast, id=re.sub(r"\W+", "_", cast.name), marks=_marks(cast))
        for cast in chosen
    ]
    return pytest.mark.parametrize("cast", parameters)


def _marks(cast: Cast) -> list[pytest.MarkDecorator]:
    return [] if cast in (OURS_ALONE, THEIR_INSTANCES, THEIR_MANAGER) else [pytest.mark.slow]


@pytest.mark.parametrize("scenario", SCENARIOS)
@casts(OURS_ALONE, THEIR_INSTANCES, THEIR_MANAGER, MIXED, MIXED_OTHERWISE)
def test_all_programs_observe_what_they_observe_with_muscle3_alone(
    scenario: str, cast: Cast, tmp_path: Path, reference_run
):
    run = cast.run(scenario, tmp_path)
    assert_clean_success(run)
    assert_same_results(run, reference_run(scenario))


@pytest.mark.parametrize(
    "scenario", ["macro_micro", "instance_set", "settings_overlays", "dispatch", "multicast"]
)
@casts(THEIRS_MIXED)
def test_both_take_part_under_their_manager_as_well(
    scenario: str, cast: Cast, tmp_path: Path, reference_run
):
    run = cast.run(scenario, tmp_path)
    assert_clean_success(run)
    assert_same_results(run, reference_run(scenario))


@pytest.mark.parametrize("scenario", SCENARIOS_OF_0_10)
@pytest.mark.slow
def test_our_manager_serves_instances_of_0_10(scenario: str, tmp_path: Path, reference_run):
    run = run_scenario(scenario, manager="conjoin", libraries="muscle3_0_10", tmp_path=tmp_path)
    assert_clean_success(run)
    assert_same_results(run, reference_run(scenario, "muscle3_0_10"))


@pytest.mark.parametrize("scenario", ["interact", "instance_set_nested", "nested_plain"])
@pytest.mark.slow
def test_instances_of_0_10_can_do_with_our_manager_what_they_cannot_with_theirs(
    scenario: str, tmp_path: Path, reference_run
):
    """MUSCLE3 0.10 refuses these files, so those of 0.11 are compared with."""
    run = run_scenario(scenario, manager="conjoin", libraries="muscle3_0_10", tmp_path=tmp_path)
    assert_clean_success(run)
    assert_same_results(run, reference_run(scenario))


@pytest.mark.slow
def test_an_instance_of_0_10_is_refused_in_a_run_of_0_11(tmp_path: Path):
    libraries: dict[str, LibraryName] = {"macro": "muscle3", "micro": "muscle3_0_10"}
    run = run_scenario("macro_micro", manager="conjoin", libraries=libraries, tmp_path=tmp_path)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "0.10" in run.stdout + run.manager_log


@casts(OURS_ALONE)
def test_a_reduction_to_the_root_timeline_ends(cast: Cast, tmp_path: Path):
    run = cast.run("filter_last_to_root", tmp_path)
    assert_clean_success(run)
    received = [event for event in run.results["reviewer"] if event[0] == "received"]
    assert len(received) == 1
    data = dict(received[0][3]["data"]["map"])
    assert (data["from"], data["step"]) == ("macro", 2)


@casts(OURS_ALONE)
def test_a_resizable_port_may_change_between_rounds(cast: Cast, tmp_path: Path):
    run = cast.run("resizable_rounds", tmp_path, settings={"lengths": [2, 3, 1]})
    assert_clean_success(run)
    assert [e[1] for e in run.results["receiver"] if e[0] == "length"] == [2, 3, 1]
    assert [e[1] for e in run.results["sender"] if e[0] == "length after"] == [3, 4, 2]


@pytest.mark.parametrize("how", SIGNS)
@casts(*CASTS, THEIR_OLD_INSTANCES)
def test_a_crash_ends_the_run_and_leaves_nothing_behind(how: str, cast: Cast, played_run):
    run = played_run(cast, "crash", how=how)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "Now comes the crash." in run.instance_stderr("crasher")
    for instance in ("macro", "waiting"):
        text = run.errors().get(instance)
        assert text is None or LOST_PEER.search(text), run.account()


@pytest.mark.parametrize("how", SIGNS)
@casts(OURS_ALONE, THEIR_INSTANCES, MIXED, THEIR_OLD_INSTANCES)
def test_our_manager_tells_who_crashed_first_and_how(how: str, cast: Cast, played_run):
    run = played_run(cast, "crash", how=how)
    told = run.stdout + run.stderr
    assert "crasher" in told, run.account()
    assert "Now comes the crash." in told, run.account()
    assert re.search(SIGNS[how], told), run.account()


@casts(OURS_ALONE, THEIR_INSTANCES, THEIR_MANAGER)
def test_a_program_that_never_registers_fails_the_run(cast: Cast, tmp_path: Path):
    run = cast.run("crash_never_registers", tmp_path)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "micro" in run.stdout


@casts(*CASTS, THEIR_OLD_INSTANCES)
def test_a_deadlock_is_found_and_told(cast: Cast, played_run):
    run = played_run(cast, "deadlock")
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "boundary_in" in run.manager_log
    assert {"left", "right"} <= set(re.findall(r"\w+", run.manager_log))
    assert any(DEADLOCK in run.instance_stderr(name) for name in ("left", "right")), run.account()


@pytest.mark.slow
@casts(OURS_ALONE)
def test_our_manager_soon_tells_who_waits_for_whom(cast: Cast, tmp_path: Path):
    settings = {"muscle_deadlock_receive_timeout": DEADLOCK_TIMEOUT}
    run = cast.run("deadlock", tmp_path, settings=settings)
    assert re.search("left.*boundary_in.*right", run.stdout), run.account()
    assert re.search("right.*boundary_in.*left", run.stdout), run.account()
    assert run.seconds < 2 * DEADLOCK_TIMEOUT + SECONDS_TO_START_AND_STOP


@casts(OURS_ALONE)
def test_every_instance_of_a_deadlock_stops_with_a_reason(cast: Cast, played_run):
    run = played_run(cast, "deadlock")
    for name in ("left", "right"):
        text = run.instance_stderr(name)
        assert DEADLOCK in text or LOST_PEER.search(text), run.account()


@pytest.mark.parametrize("mistake", TEXTS)
@casts(OURS_ALONE, THEIR_MANAGER)
def test_a_mistake_raises_what_muscle3_raises_and_ends_the_run(
    mistake: str, cast: Cast, played_run: PlayedRun, reference_run
):
    theirs = reference_run("misuse", mistake=mistake)
    run = played_run(cast, "misuse", mistake=mistake)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert raised(run, "macro")[0] == raised(theirs, "macro")[0]


@pytest.mark.parametrize(("mistake", "text"), TEXTS.items())
@casts(OURS_ALONE)
def test_the_text_of_an_error_names_the_port(mistake: str, text: str, cast: Cast, played_run):
    run = played_run(cast, "misuse", mistake=mistake)
    assert re.search(text, raised(run, "macro")[1])


@pytest.mark.parametrize("allowed", ["unconnected_send", "unconnected_default"])
@casts(OURS_ALONE, THEIR_MANAGER)
def test_unconnected_ports_may_be_used(allowed: str, cast: Cast, tmp_path: Path):
    assert_clean_success(cast.run("misuse", tmp_path, settings={"mistake": allowed}))


@pytest.mark.parametrize("manager", ["conjoin", "muscle3"])
def test_threads_of_ours_do_not_wait_for_each_other_at_a_peer_of_theirs(
    manager: ManagerName, tmp_path: Path
):
    libraries: dict[str, LibraryName] = {"caller": "conjoin", "answering": "muscle3"}
    run = run_scenario("threads", manager=manager, libraries=libraries, tmp_path=tmp_path)
    assert_clean_success(run)
    doubled = [2 * step for step in range(50)]
    assert run.results["caller"] == [["early", doubled], ["late", doubled]]


def assert_clean_success(run: ScenarioRun) -> None:
    """The run ended well, said so, and left no process behind."""
    assert run.exit_code == 0, run.account()
    assert "Simulation completed successfully." in run.stdout
    assert not run.left_behind


def assert_same_results(run: ScenarioRun, reference: ScenarioRun) -> None:
    """Every instance observed the same as in the run with MUSCLE3 alone, event by event."""
    assert reference.exit_code == 0, reference.account()
    assert set(run.results) == set(reference.results)
    for instance, expected in reference.results.items():
        for number, (seen, wanted) in enumerate(zip(run.results[instance], expected, strict=False)):
            assert seen == wanted, f"event {number} of {instance}"
        assert len(run.results[instance]) == len(expected), instance


def raised(run: ScenarioRun, instance: str) -> tuple[str, str]:
    """The built-in class and the text of the exception that ended a program."""
    for event in run.results.get(instance, []):
        if event[0] == "raised":
            return str(event[1]), str(event[2])
    pytest.fail(f"{instance} raised nothing: {run.account()}")
