"""Processes of a run are suspended for longer than all timeouts, and then continue.

Those of the manager are in tests/acceptance/test_suspended_manager.py.
"""

import sys
import time

import psutil
import pytest

from tests.support.conditions import wait_until
from tests.support.scenario_runs import LibraryName
from tests.support.workspace import RunningProgram, Workspace

RECEIVE_TIMEOUT = 1.0
SILENCE = 5.0
PAUSE = SILENCE + 2.0

_MANAGE = f"""\
from conjoin import AgentTimeouts, Manager, ManagerOptions

timeouts = AgentTimeouts(silence={SILENCE}, grace=2.0)
with Manager("model.ymmsl", run_dir="run", options=ManagerOptions(timeouts=timeouts)) as manager:
    manager.start_all()
    result = manager.wait()
print("succeeded:", result.succeeded, result.cause, flush=True)
"""

_WAIT_BEFORE_REPLY = """\
    import time
    from pathlib import Path
    folder = Path(__file__).parent
    (folder / "received").touch()
    while not (folder / "may_reply").exists():
        time.sleep(0.01)
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def pausing(workspace: Workspace) -> Workspace:
    """A model whose micro model replies to the first message when the test allows it."""
    workspace.write("manage.py", _MANAGE)
    timeout = f"settings:\n  muscle_deadlock_receive_timeout: {RECEIVE_TIMEOUT}"
    workspace.change("model.ymmsl", "settings:", timeout)
    workspace.change("micro.py", "    instance.send", f"{_WAIT_BEFORE_REPLY}    instance.send")
    return workspace


@pytest.mark.parametrize("library", ["conjoin", pytest.param("muscle3", marks=pytest.mark.muscle3)])
def test_run_succeeds_after_all_instances_were_suspended(pausing: Workspace, library: LibraryName):
    if library == "muscle3":
        pausing.use_muscle3()
    with pausing.running(sys.executable, "manage.py") as program:
        wait_until((pausing.folder / "received").exists)
        # the macro model waits, and has reported that before it is suspended too
        pause(program.processes("micro.py"), RECEIVE_TIMEOUT * 2)
        pause([*program.processes("macro.py"), *program.processes("micro.py")], PAUSE)
        (pausing.folder / "may_reply").touch()
        outcome = program.finish()
    assert "succeeded: True" in outcome.stdout, outcome.text
    assert not outcome.left_behind


def test_agent_that_was_suspended_for_a_short_time_is_not_lost(pausing: Workspace):
    with pausing.running(sys.executable, "manage.py") as program:
        wait_until((pausing.folder / "received").exists)
        pause(program.processes("entrypoints.agent"), SILENCE / 5)
        (pausing.folder / "may_reply").touch()
        outcome = program.finish()
    assert "succeeded: True" in outcome.stdout, outcome.text
    assert not outcome.left_behind


def test_agent_that_stays_suspended_is_the_cause_and_its_programs_end(pausing: Workspace):
    with pausing.running(sys.executable, "manage.py") as program:
        wait_until((pausing.folder / "received").exists)
        suspend(program)
        outcome = program.finish()
    assert "succeeded: False" in outcome.stdout, outcome.text
    assert f"its agent sent nothing for {SILENCE:g} seconds" in outcome.stdout
    assert not outcome.left_behind


def suspend(program: RunningProgram) -> None:
    for process in program.processes("entrypoints.agent"):
        process.suspend()


def pause(processes: list[psutil.Process], seconds: float) -> None:
    """Suspend processes for some time."""
    assert processes
    for process in processes:
        process.suspend()
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end)
    for process in processes:
        process.resume()
