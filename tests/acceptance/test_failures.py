"""A run that fails or is stopped reports why, and leaves no process behind."""

import contextlib
import os
import re
import signal
import socket

import psutil
import pytest

from tests.support.conditions import wait_until
from tests.support.scenario_runs import LibraryName
from tests.support.workspace import CONJOIN, MANAGER, Outcome, RunningProgram, Workspace

FAILED = 1
START = (*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl")
STOPPED_BY_CTRL_C = "The run was stopped by Ctrl-C (SIGINT)."
STOPPED_BY_SIGTERM = "The run was stopped by SIGTERM, which `kill` sends"


# Stopping a run -----------------------------------------------------------------------------------


def test_ctrl_c_stops_all_processes(workspace: Workspace):
    hang(workspace)
    with workspace.running(*START) as program:
        wait_until_micro_hangs(workspace, program)
        # A terminal signals the whole process group.
        os.killpg(program.process.pid, signal.SIGINT)
        outcome = program.finish()
    assert_stopped(outcome, STOPPED_BY_CTRL_C)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (signal.SIGINT, STOPPED_BY_CTRL_C),
        (signal.SIGTERM, STOPPED_BY_SIGTERM),
        (signal.SIGHUP, "The run was stopped because its terminal was closed (SIGHUP)."),
    ],
)
def test_signal_to_the_manager_stops_all_processes(
    workspace: Workspace, number: signal.Signals, text: str
):
    hang(workspace)
    with workspace.running(*START) as program:
        wait_until_micro_hangs(workspace, program)
        program.process.send_signal(number)
        outcome = program.finish()
    assert_stopped(outcome, text)


def test_stopped_program_that_exits_with_code_0_is_not_reported_as_failed(workspace: Workspace):
    hang(workspace, "import signal; signal.signal(signal.SIGTERM, lambda *_: os._exit(0))")
    with workspace.running(*START) as program:
        wait_until_micro_hangs(workspace, program)
        program.process.send_signal(signal.SIGINT)
        outcome = program.finish()
    assert_stopped(outcome, STOPPED_BY_CTRL_C)


def test_component_that_ignores_sigterm_is_killed_after_the_grace_time(workspace: Workspace):
    hang(workspace, "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with workspace.running(*START, "--grace-time", 0.5) as program:
        wait_until_micro_hangs(workspace, program)
        program.process.send_signal(signal.SIGTERM)
        outcome = program.finish()
    assert_stopped(outcome, STOPPED_BY_SIGTERM)
    (agents_log,) = workspace.run_dir.rglob("muscle3_agent_*.log")
    assert "cancelling 2 processes, with 0.5 s to end" in agents_log.read_text()
    assert "Instance micro quit with exit code -9" in log_of(workspace)


def test_run_that_waits_for_instances_started_by_hand_can_be_stopped(workspace: Workspace):
    with workspace.running(*MANAGER, "--run-dir", "run", "model.ymmsl") as program:
        program.wait_for_output("CONJOIN_SECRET_FILE=")
        program.process.send_signal(signal.SIGINT)
        outcome = program.finish()
    assert_stopped(outcome, STOPPED_BY_CTRL_C)
    assert not (workspace.run_dir / "secret").exists()


@pytest.mark.parametrize(
    "command", [START, (*CONJOIN, "run", "model.ymmsl")], ids=["-m", "conjoin"]
)
@pytest.mark.parametrize("module", ["argparse", "dataclasses", "ymmsl"])
def test_ctrl_c_during_imports_exits_without_a_traceback(
    workspace: Workspace, command: tuple[str, ...], module: str
):
    workspace.write("sitecustomize.py", _CTRL_C_AT_AN_IMPORT)
    environment = {"PYTHONPATH": str(workspace.folder), "CTRL_C_AT": module}
    with workspace.running(*command, environment=environment) as program:
        outcome = program.finish()
    assert (outcome.exit_code, outcome.text) == (-signal.SIGINT, "")


_CTRL_C_AT_AN_IMPORT = """\
import os, signal, sys

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == os.environ["CTRL_C_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder)
"""


# Killed processes ---------------------------------------------------------------------------------


def test_killed_manager_leaves_no_process_behind(workspace: Workspace):
    hang(workspace, "import subprocess; subprocess.Popen(['sleep', '600'])")
    with workspace.running(*START) as program:
        wait_until_micro_hangs(workspace, program)
        expected = "the agent, its watchdog, two components and a child of one"
        assert len(program.processes()) == 5, expected
        program.process.kill()
        wait_until(lambda: not program.processes())


def test_killed_agent_fails_the_run(workspace: Workspace):
    hang(workspace, "import subprocess; subprocess.Popen(['sleep', '600'])")
    with workspace.running(*START) as program:
        wait_until_micro_hangs(workspace, program)
        program.wait_for_process("entrypoints.agent").kill()
        outcome = program.finish()
    assert outcome.exit_code == FAILED
    cause = outcome.stdout.partition("the simulation failed: ")[2]
    reason = (
        r"Node '.*' was lost: its agent .* was killed by"
        " signal 9"
    )
    assert re.match(reason, cause), outcome.text
    assert cause.count("was lost") == 1
    assert not outcome.left_behind


# Cause of a failure -------------------------------------------------------------------------------


def test_cause_of_a_failure_is_reported_before_its_victims(workspace: Workspace):
    workspace.change(
        "macro.py", "while inst", "open('../../../../macro_pid', 'w').write(PID)\nwhile inst"
    )
    workspace.change("macro.py", "instance =", "import os\nPID = str(os.getpid())\ninstance =")
    workspace.change("micro.py", "    instance.send", _END_AFTER_THE_MACRO_MODEL)
    outcome = workspace.start_all()
    assert outcome.exit_code == FAILED
    cause = outcome.stdout.partition("the simulation failed: ")[2]
    assert cause.startswith("Instance 'micro' failed: it exited with code 3;"), outcome.text
    assert "The solver did not converge." in cause
    assert "Because of this, these failed too: macro." in cause
    assert "did the peer crash?" in workspace.stderr_of("macro")
    assert "did the peer crash?" not in cause
    assert not outcome.left_behind


_END_AFTER_THE_MACRO_MODEL = """\
    import contextlib, psutil
    macro = psutil.Process(int(open("../../../../macro_pid").read()))
    instance.error_shutdown("The solver did not converge.")
    with contextlib.suppress(psutil.NoSuchProcess):
        while macro.status() != psutil.STATUS_ZOMBIE:
            pass
    raise SystemExit(3)
    instance.send"""


@pytest.mark.parametrize(
    "library",
    ["conjoin", pytest.param("muscle3", marks=[pytest.mark.slow, pytest.mark.muscle3])],
)
def test_error_shutdown_followed_by_exit_code_0_fails_the_run(
    workspace: Workspace, library: LibraryName
):
    workspace.change("micro.py", 'message = instance.receive("init")', _ERROR_AND_EXIT_CODE_0)
    if library == "muscle3":
        workspace.use_muscle3()
    outcome = workspace.start_all()
    assert outcome.exit_code == FAILED, outcome.text
    cause = outcome.stdout.partition("the simulation failed: ")[2]
    assert cause.startswith(
        "Instance 'micro' failed: it exited with code 0; before that, it reported an error: The"
        " mesh is inside out.\n"
    ), outcome.text
    assert not outcome.left_behind


_ERROR_AND_EXIT_CODE_0 = """instance.receive("init")
    instance.error_shutdown("The mesh is inside out.")
    raise SystemExit(0)"""


# Foreign clients ----------------------------------------------------------------------------------


def test_invalid_data_at_the_port_of_an_instance_is_logged_once(workspace: Workspace):
    hang(workspace)
    warning = "micro (warning): protocol error by a client at 127.0.0.1: "
    with workspace.running(*START) as program:
        wait_until_micro_hangs(workspace, program)
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 8):
            send_to(program.wait_for_process("micro.py"), garbage)
        wait_until(lambda: program.text.count(warning) == 2)
        program.process.send_signal(signal.SIGINT)
        outcome = program.finish()
    assert log_of(workspace).count("WARNING micro: protocol error by a client") == 2, outcome.text


def send_to(process: psutil.Process, data: bytes) -> None:
    """Send data to the port of a process, and wait until the process closes the connection."""
    (port,) = {
        item.laddr.port
        for item in process.net_connections("tcp4")
        if item.status == psutil.CONN_LISTEN
    }
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


# Deadlocks ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "library",
    ["conjoin", pytest.param("muscle3", marks=[pytest.mark.slow, pytest.mark.muscle3])],
)
def test_deadlock_is_reported_before_an_instance_gives_up(
    workspace: Workspace, library: LibraryName
):
    make_deadlock(workspace, library, timeout=1.0)
    outcome = workspace.start_all()
    assert outcome.exit_code == FAILED
    for text in (
        "Deadlock: these instances wait for each other in a cycle:",
        "- 'macro' waits on port 'state_in' for 'micro'",
        "- 'micro' waits on port 'init' for 'macro'",
    ):
        assert text in outcome.stdout, outcome.text
        report, gave_up, _ = log_of(workspace).partition("Deadlock detected")
        assert gave_up, outcome.text
        assert text in report
    assert not outcome.left_behind


@pytest.mark.slow
def test_negative_timeout_disables_deadlock_detection(workspace: Workspace):
    make_deadlock(workspace, "conjoin", timeout=-1.0)
    with workspace.running(*START) as program:
        # It is shown after 0.2 s, long after the shortest timeout.
        program.wait_for_output("2 waiting")
        program.process.send_signal(signal.SIGINT)
        outcome = program.finish()
    assert_stopped(outcome, STOPPED_BY_CTRL_C)
    assert "Deadlock" not in outcome.text + log_of(workspace)


def make_deadlock(workspace: Workspace, library: LibraryName, *, timeout: float) -> None:
    """Make the macro model receive before it sends."""
    workspace.change(
        "model.ymmsl", "settings:", f"settings:\n  muscle_deadlock_receive_timeout: {timeout:.1f}"
    )
    workspace.change("macro.py", '        instance.receive("state_in")\n', "")
    workspace.change(
        "macro.py",
        "    for step",
        "    instance.receive('state_in')\n    for step",
    )
    if library == "muscle3":
        workspace.use_muscle3()


# Helpers ------------------------------------------------------------------------------------------


def hang(workspace: Workspace, before: str = "pass") -> None:
    """Make the micro model hang."""
    lines = ["import os, time", before, "open('../../../../hangs', 'w').close()", "time.sleep(600)"]
    code = "".join(f"    {line}\n" for line in lines)
    workspace.change("micro.py", "    instance.send", f"{code}    instance.send")


def wait_until_micro_hangs(workspace: Workspace, program: RunningProgram) -> None:
    wait_until((workspace.folder / "hangs").exists)
    assert program.process.poll() is None, program.text


def log_of(workspace: Workspace) -> str:
    return (workspace.run_dir / "muscle3_manager.log").read_text()


def assert_stopped(outcome: Outcome, text: str) -> None:
    """Assert that the run was stopped, and that no instance is reported as failed."""
    assert outcome.exit_code == FAILED, outcome.text
    assert f"\n{text}" in outcome.stdout, outcome.text
    assert "failed" not in outcome.stdout
    assert "Instance" not in outcome.stdout
    assert "Traceback" not in outcome.text
    assert not outcome.left_behind
