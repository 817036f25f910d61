"""Instances that are started by hand and lose their connection to the manager."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.support.by_hand import manual_manager, start_instance
from tests.support.conditions import wait_until
from tests.support.cutting_proxy import Cut, CuttingProxy
from tests.support.scenario_runs import LibraryName, python_of
from tests.support.workspace import MANAGER, RunningProgram, Workspace

FAILED = 1
LOST_INSTANCE_ERROR = (
    "Instance 'micro' failed: it closed its connection to the manager without deregistering, and"
    " its program has ended: its output, where you started it, may show why.\n"
)
AFTER_REGISTERING = (
    Cut("before", "payload", "client"),
    Cut("before", "number", "server"),
    Cut("after", "payload", "client"),
)
libraries = pytest.mark.parametrize(
    "library",
    ["conjoin", pytest.param("muscle3", marks=[pytest.mark.slow, pytest.mark.muscle3])],
)


@libraries
def test_killed_instance_ends_the_run_without_time_to_reconnect(
    workspace: Workspace, library: LibraryName
):
    hang(workspace)
    use(workspace, library)
    python = python_of(library)
    with (
        manual_manager(workspace, "--reconnect-time", "3600") as (manager, environment),
        start_instance(workspace, "macro", environment, python=python),
        start_instance(workspace, "micro", environment, python=python) as micro,
    ):
        wait_until((workspace.folder / "hangs").exists)
        micro.process.kill()
        outcome = manager.finish()
    assert outcome.exit_code == FAILED
    assert f"the simulation failed: {LOST_INSTANCE_ERROR}" in outcome.stdout, outcome.text
    assert "Its output is in" not in outcome.stdout


def test_program_that_hangs_is_named_and_the_run_goes_on(workspace: Workspace):
    hang(workspace)
    command = (*MANAGER, "--run-dir", "run", "--start-all", "--stall-time", "1", "model.ymmsl")
    with workspace.running(*command, name="manager") as manager:
        assert_micro_hangs(manager)


def test_program_started_by_hand_that_hangs_is_named(workspace: Workspace):
    hang(workspace)
    with (
        manual_manager(workspace, "--stall-time", "1") as (manager, environment),
        start_instance(workspace, "macro", environment),
        start_instance(workspace, "micro", environment),
    ):
        assert_micro_hangs(manager)


def assert_micro_hangs(manager: RunningProgram) -> None:
    """Wait until the manager reports that micro hangs, then stop the run."""
    manager.wait_for_output("Instance 'micro' seems to hang: for 1 s, it has used no CPU time")
    assert manager.process.poll() is None
    manager.process.terminate()
    assert "failed" not in manager.finish().stdout


def test_lost_instance_ends_the_programs_started_by_the_manager(workspace: Workspace):
    hang(workspace)
    text = (workspace.folder / "model.ymmsl").read_text()
    head, _, _ = text.partition("  micro:\n    description: The micro model\n    exec")
    workspace.write("model.ymmsl", f"{head}  micro:\n    execution_model: manual\n")
    with (
        manual_manager(workspace, "--start-all") as (manager, environment),
        start_instance(workspace, "micro", environment) as micro,
    ):
        wait_until((workspace.folder / "hangs").exists)
        micro.process.kill()
        outcome = manager.finish()
    assert outcome.exit_code == FAILED
    cause = outcome.stdout.partition("the simulation failed: ")[2]
    assert cause.startswith(LOST_INSTANCE_ERROR), outcome.text
    assert "Instance 'macro'" not in cause  # it was stopped, or failed because of micro
    assert not outcome.left_behind


@libraries
def test_instance_continues_after_it_reconnects(workspace: Workspace, library: LibraryName):
    use(workspace, library)
    python = python_of(library)
    with manual_manager(workspace) as (manager, environment):
        host, port = environment["MUSCLE_MANAGER"].removeprefix("tcp:").split(",")[0].split(":")
        proxy = CuttingProxy(lambda: (host, int(port)), AFTER_REGISTERING)
        try:
            through_proxy = {**environment, "MUSCLE_MANAGER": proxy.location}
            with (
                start_instance(workspace, "macro", through_proxy, python=python) as macro,
                start_instance(workspace, "micro", environment, python=python) as micro,
            ):
                assert [macro.finish().exit_code, micro.finish().exit_code] == [0, 0]
            outcome = manager.finish()
        finally:
            proxy.close()
    assert outcome.exit_code == 0, outcome.text
    assert proxy.left == []
    log = log_of(workspace)
    assert log.count("instance 'macro' is disconnected: ") == len(AFTER_REGISTERING), log
    assert log.count("instance 'macro' is connected again") == len(AFTER_REGISTERING), log


@libraries
def test_instance_that_computes_without_a_connection_is_not_given_up(
    workspace: Workspace, library: LibraryName
):
    go_on = compute_until_file_exists(workspace)
    use(workspace, library)
    python = python_of(library)
    with manual_manager(workspace, "--reconnect-time", "2") as (manager, environment):
        host, port = environment["MUSCLE_MANAGER"].removeprefix("tcp:").split(",")[0].split(":")
        with closing(CuttingProxy(lambda: (host, int(port)), ())) as proxy:
            through_proxy = {**environment, "MUSCLE_MANAGER": proxy.location}
            with (
                start_instance(workspace, "macro", environment, python=python) as macro,
                start_instance(workspace, "micro", through_proxy, python=python) as micro,
            ):
                wait_until((workspace.folder / "computes").exists)
                # It sends nothing now, but may still be sending an earlier report.
                proxy.interrupt()
                still_there = (
                    "instance 'micro' has not reconnected, but its program is still running"
                )
                wait_until(lambda: still_there in log_of(workspace))
                proxy.resume()
                go_on.touch()
                outcomes = [macro.finish(), micro.finish()]
            outcome = manager.finish()
    assert [item.exit_code for item in outcomes] == [0, 0]
    assert outcome.exit_code == 0, outcome.text
    # The cut may have left a request unfinished; nothing that follows it may cause a warning.
    _, lost, log = log_of(workspace).partition("instance 'micro' is disconnected")
    assert lost
    assert log.count(still_there) == 1
    assert "a client" not in log
    # Probing its port causes no warning at the instance either.
    assert [item.stderr for item in outcomes] == ["", ""]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ('instance.receive("innit")', "'micro' has no port 'innit'"),
        ('instance.error_shutdown("Out of cheese."); raise SystemExit(1)', "Out of cheese."),
    ],
)
def test_error_of_a_manual_instance_is_the_cause_of_the_failed_run(
    workspace: Workspace, code: str, cause: str
):
    workspace.change("micro.py", 'message = instance.receive("init")', code)
    with (
        manual_manager(workspace) as (manager, environment),
        start_instance(workspace, "macro", environment) as macro,
        start_instance(workspace, "micro", environment) as micro,
    ):
        outcomes = [macro.finish(), micro.finish()]
        outcome = manager.finish()
    assert [item.exit_code for item in outcomes] == [1, 1]
    assert outcome.exit_code == FAILED
    assert f"the simulation failed: Instance 'micro' failed: {cause}" in outcome.stdout
    assert "Could not shut down cleanly" not in outcomes[0].text + outcomes[1].text


@libraries
def test_error_shutdown_followed_by_exit_code_0_fails_the_run(
    workspace: Workspace, library: LibraryName
):
    error = 'instance.error_shutdown("Out of cheese."); raise SystemExit(0)'
    workspace.change("micro.py", 'message = instance.receive("init")', error)
    use(workspace, library)
    python = python_of(library)
    with (
        manual_manager(workspace) as (manager, environment),
        start_instance(workspace, "macro", environment, python=python),
        start_instance(workspace, "micro", environment, python=python) as micro,
    ):
        assert micro.finish().exit_code == 0
        outcome = manager.finish()
    assert outcome.exit_code == FAILED, outcome.text
    assert "the simulation failed: Instance 'micro' failed: Out of cheese.\n" in outcome.stdout


def test_exception_in_a_manual_instance_ends_the_run_and_is_printed_on_its_terminal(
    workspace: Workspace,
):
    workspace.change("micro.py", 'message = instance.receive("init")', "1 / 0")
    with (
        manual_manager(workspace, "--reconnect-time", "0.5") as (manager, environment),
        start_instance(workspace, "macro", environment),
        start_instance(workspace, "micro", environment) as micro,
    ):
        outcome = manager.finish()
        assert "ZeroDivisionError" in micro.finish().stderr
    assert outcome.exit_code == FAILED
    assert f"the simulation failed: {LOST_INSTANCE_ERROR}" in outcome.stdout, outcome.text


def use(workspace: Workspace, library: LibraryName) -> None:
    if library == "muscle3":
        workspace.use_muscle3()


def hang(workspace: Workspace) -> None:
    """Make the micro model hang."""
    path = workspace.folder / "hangs"
    code = f"    import time\n    open({str(path)!r}, 'w').close()\n    time.sleep(600)\n"
    workspace.change("micro.py", "    instance.send", f"{code}    instance.send")


def compute_until_file_exists(workspace: Workspace) -> Path:
    """Make the micro model compute until the returned file exists."""
    computes, go_on = workspace.folder / "computes", workspace.folder / "go_on"
    code = (
        f"    import os, time\n    open({str(computes)!r}, 'w').close()\n"
        f"    while not os.path.exists({str(go_on)!r}):\n        time.sleep(0.01)\n"
    )
    workspace.change("micro.py", "    instance.send", f"{code}    instance.send")
    return go_on


def log_of(workspace: Workspace) -> str:
    return (workspace.run_dir / "muscle3_manager.log").read_text()
