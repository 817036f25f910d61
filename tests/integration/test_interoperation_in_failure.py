"""Failures are reported in the same way for programs that use Conjoin and MUSCLE3."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.support.casts import (
    CASTS,
    CONJOIN_ONLY,
    MIXED,
    MIXED_REVERSED,
    MUSCLE3_0_10_INSTANCES,
    MUSCLE3_INSTANCES,
    MUSCLE3_MANAGER,
    MUSCLE3_MANAGER_MIXED,
    MUSCLE3_MANAGER_MIXED_REVERSED,
    Cast,
    casts,
)
from tests.support.reference_runs import TIMEOUT_OF_A_TEST
from tests.support.scenario_runs import ScenarioRun

pytestmark = [pytest.mark.muscle3, pytest.mark.timeout(TIMEOUT_OF_A_TEST)]

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
FAILURE_REASONS = {
    "raise": "The matrix is singular.",
    "exit": "code 3",
    "kill": "SIGKILL|signal 9",
    "error_shutdown": "code 1",
}
LOST_PEER = re.compile(
    r"Port \S+ was closed while trying to receive on it, did the peer crash\?"
    r"|connection with peer '.*' was lost\. Did the peer crash\?"
)
DEADLOCK = "Deadlock detected while receiving a message on port 'boundary_in'."


PlayedRun: TypeAlias = Callable[..., ScenarioRun]


@pytest.fixture(scope="module")
def played_run(tmp_path_factory: pytest.TempPathFactory) -> PlayedRun:
    """Return a function that runs a scenario with a cast, once for all tests that use it."""

    @cache
    def run(cast: Cast, scenario: str, **settings: object) -> ScenarioRun:
        return cast.run(scenario, tmp_path_factory.mktemp(scenario), settings=settings)

    return run


@pytest.mark.parametrize("how", FAILURE_REASONS)
@casts(*CASTS, MUSCLE3_0_10_INSTANCES)
def test_crash_ends_the_run_without_leftover_processes(how: str, cast: Cast, played_run):
    run = played_run(cast, "crash", how=how)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "Now comes the crash." in run.instance_stderr("crasher")
    for instance in ("macro", "waiting"):
        text = run.errors().get(instance)
        assert text is None or LOST_PEER.search(text), run.account()


@pytest.mark.parametrize("how", FAILURE_REASONS)
@casts(CONJOIN_ONLY, MUSCLE3_INSTANCES, MIXED, MUSCLE3_0_10_INSTANCES)
def test_manager_reports_the_instance_that_crashed_first_and_its_error(
    how: str, cast: Cast, played_run
):
    run = played_run(cast, "crash", how=how)
    output = run.stdout + run.stderr
    assert "crasher" in output, run.account()
    assert "Now comes the crash." in run.manager_log, run.account()
    assert re.search(FAILURE_REASONS[how], output), run.account()


ONE_WAY = (
    CONJOIN_ONLY,
    MIXED,  # our receiver, MUSCLE3's sender
    MIXED_REVERSED,
    MUSCLE3_MANAGER,
    MUSCLE3_MANAGER_MIXED,
    MUSCLE3_MANAGER_MIXED_REVERSED,
)


@pytest.mark.parametrize("how", ["raise", "misuse", "error_shutdown"])
@casts(*ONE_WAY)
def test_failing_receiver_of_a_one_way_sender_ends_the_run(
    how: str, cast: Cast, played_run: PlayedRun
):
    run = played_run(cast, "failing_receiver", how=how)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind


@casts(*ONE_WAY)
def test_sender_ends_after_error_shutdown_of_its_receiver_with_exit_code_0(
    cast: Cast, played_run: PlayedRun
):
    run = played_run(cast, "failing_receiver", how="error_shutdown_and_exit_0")
    assert run.exit_code is not None, run.account()
    assert not run.left_behind
    if cast.manager == "muscle3":  # it relies on the exit code, and stops no other instance
        assert run.results["sender"] == [["left"]], run.account()


@pytest.mark.parametrize("how", ["misuse", "error_shutdown"])
@casts(MIXED)
def test_failing_receiver_stops_draining_a_long_running_sender(
    how: str, cast: Cast, played_run: PlayedRun
):
    run = played_run(cast, "failing_receiver", how=how, messages=10_000)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "receiver" in run.stdout


@casts(MUSCLE3_MANAGER, MUSCLE3_MANAGER_MIXED_REVERSED)
def test_sender_ends_after_its_receiver_has_crashed(cast: Cast, played_run: PlayedRun):
    run = played_run(cast, "failing_receiver", how="vanish")
    assert run.exit_code is not None, run.account()
    assert not run.left_behind
    assert run.results["sender"] == [["left"]], run.account()
    assert "Instance 'receiver' has left" in run.manager_log


@casts(CONJOIN_ONLY, MUSCLE3_INSTANCES, MUSCLE3_MANAGER)
def test_program_that_never_registers_fails_the_run(cast: Cast, tmp_path: Path):
    run = cast.run("crash_never_registers", tmp_path)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "micro" in run.stdout


@casts(*CASTS, MUSCLE3_0_10_INSTANCES)
def test_deadlock_is_detected_and_reported(cast: Cast, played_run):
    run = played_run(cast, "deadlock")
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert "boundary_in" in run.manager_log
    assert {"left", "right"} <= set(re.findall(r"\w+", run.manager_log))
    assert any(DEADLOCK in run.instance_stderr(name) for name in ("left", "right")), run.account()


@casts(CONJOIN_ONLY, MUSCLE3_INSTANCES)
def test_manager_reports_a_deadlock_before_an_instance_gives_up(cast: Cast, played_run):
    run = played_run(cast, "deadlock")
    report, gave_up, _ = run.manager_log.partition("Deadlock detected")
    assert gave_up, run.account()
    assert re.search("left.*boundary_in.*right", report), run.account()
    assert re.search("right.*boundary_in.*left", report), run.account()


@casts(CONJOIN_ONLY)
def test_every_instance_of_a_deadlock_stops_with_a_reason(cast: Cast, played_run):
    run = played_run(cast, "deadlock")
    for name in ("left", "right"):
        text = run.instance_stderr(name)
        assert DEADLOCK in text or LOST_PEER.search(text), run.account()


@pytest.mark.slow
@pytest.mark.parametrize("mistake", TEXTS)
@casts(CONJOIN_ONLY, MUSCLE3_MANAGER)
def test_mistake_raises_the_same_exception_as_muscle3_and_ends_the_run(
    mistake: str, cast: Cast, played_run: PlayedRun, reference_run
):
    theirs = reference_run("misuse", mistake=mistake)
    run = played_run(cast, "misuse", mistake=mistake)
    assert run.exit_code == 1, run.account()
    assert not run.left_behind
    assert raised(run, "macro")[0] == raised(theirs, "macro")[0]


@pytest.mark.parametrize(("mistake", "text"), TEXTS.items())
@casts(CONJOIN_ONLY)
def test_error_message_names_the_port(mistake: str, text: str, cast: Cast, played_run):
    run = played_run(cast, "misuse", mistake=mistake)
    assert re.search(text, raised(run, "macro")[1])


def raised(run: ScenarioRun, instance: str) -> tuple[str, str]:
    """Return the built-in class and the message of the exception that ended a program."""
    for event in run.results.get(instance, []):
        if event[0] == "raised":
            return str(event[1]), str(event[2])
    pytest.fail(f"{instance} raised no exception: {run.account()}")
