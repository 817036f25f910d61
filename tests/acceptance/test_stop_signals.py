"""A signal at any time has a defined result, and never changes that of a completed run."""

import pytest

from tests.support.workspace import CONJOIN, MANAGER, Outcome, Workspace

START = (*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl")
STOPPED = "The run was stopped by SIGTERM, which `kill` sends"
COMPLETED = "Simulation completed successfully."

# Sends a signal when a function is called, or a module imported, by the main thread of the manager.
_SIGNAL_AT_A_CALL = """\
import os, signal, sys

file, function, count = os.environ.pop("SIGNAL_AT").split(":")
del os.environ["PYTHONPATH"]

def note_call(frame, event, _):
    code = frame.f_code
    if event == "call" and code.co_name == function and code.co_filename.endswith(file):
        sys.setprofile(None)
        for _ in range(int(count)):
            os.kill(os.getpid(), signal.SIGTERM)

sys.setprofile(note_call)
"""


def run_with_signal(workspace: Workspace, at: str, *command: object, count: int = 1) -> Outcome:
    """Run a command, and send it SIGTERM when it calls a function.

    Args:
        workspace: Where to run it.
        at: The end of a file name, a colon, and the name of a function in that file.
        command: The command.
        count: How often to send the signal.
    """
    workspace.write("sitecustomize.py", _SIGNAL_AT_A_CALL)
    environment = {"PYTHONPATH": str(workspace.folder), "SIGNAL_AT": f"{at}:{count}"}
    with workspace.running(*command, environment=environment) as program:
        return program.finish()


@pytest.mark.parametrize(
    "command",
    [START, (*CONJOIN, "run", "--start-all", "--run-dir", "run", "model.ymmsl")],
    ids=["-m", "conjoin"],
)
@pytest.mark.parametrize(
    "at",
    [
        "ymmsl/__init__.py:<module>",
        "stop_signals.py:__enter__",
        "run_input.py:__init__",
        "local_checks.py:check_programs",
    ],
)
def test_sigterm_before_the_run_is_opened_stops_it(
    workspace: Workspace, at: str, command: tuple[str, ...]
):
    outcome = run_with_signal(workspace, at, *command)
    assert outcome.exit_code == 1, outcome.text
    assert outcome.stderr.startswith(STOPPED)
    assert len(outcome.text.splitlines()) == 1
    assert not outcome.left_behind


@pytest.mark.parametrize(
    "at",
    [
        "opening.py:open_manager",
        "structlog/__init__.py:<module>",
        "dependency_injector/__init__.py:<module>",
        "logbook.py:__init__",
        "server.py:listen",
        "launcher.py:__init__",
        "stop_signals.py:call",
        "manager_api.py:start_all",
        "start_bridge.py:run",
        "manager_api.py:wait",
    ],
)
def test_sigterm_while_the_run_starts_stops_it(workspace: Workspace, at: str):
    outcome = run_with_signal(workspace, at, *START)
    assert outcome.exit_code == 1, outcome.text
    assert f"\n{STOPPED}" in f"\n{outcome.text}"
    assert COMPLETED not in outcome.text
    assert "Traceback" not in outcome.text
    assert not outcome.left_behind


def test_second_sigterm_while_the_run_is_opened_ends_the_manager(workspace: Workspace):
    outcome = run_with_signal(workspace, "opening.py:open_manager", *START, count=2)
    assert outcome.exit_code == 1, outcome.text
    assert outcome.stderr.startswith(STOPPED)
    assert not outcome.left_behind


@pytest.mark.parametrize(
    "at",
    [
        "command_line.py:_print_outcome",
        "manager_api.py:close",
        "launcher.py:close",
        "command_line.py:_exit_code",
        "stop_signals.py:__exit__",
        "threading.py:_shutdown",
    ],
)
def test_sigterm_after_the_end_does_not_change_the_exit_code(workspace: Workspace, at: str):
    outcome = run_with_signal(workspace, at, *START)
    assert outcome.exit_code == 0, outcome.text
    assert COMPLETED in outcome.stdout
    assert STOPPED not in outcome.text
    assert not outcome.left_behind
