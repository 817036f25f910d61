"""A run goes on after its manager was suspended, for example with Ctrl-Z."""

import signal
import sys
import time

import pytest

from tests.support.conditions import wait_until
from tests.support.scenario_runs import LibraryName
from tests.support.workspace import RunningProgram, Workspace

RECEIVE_TIMEOUT = 1.0
SILENCE = 5.0
PAUSE = SILENCE + 2.0

MANAGER = f"""\
from conjoin import AgentTimeouts, Manager, ManagerOptions

options = ManagerOptions(timeouts=AgentTimeouts(silence={SILENCE}))
with Manager("model.ymmsl", run_dir="run", options=options) as manager:
    manager.start_all()
    result = manager.wait()
print("succeeded:", result.succeeded, result.cause, flush=True)
"""


@pytest.fixture
def pausing(workspace: Workspace) -> Workspace:
    """A model whose micro model replies to the first message when the test allows it."""
    workspace.write("manage.py", MANAGER)
    workspace.change(
        "model.ymmsl",
        "settings:",
        f"settings:\n  muscle_deadlock_receive_timeout: {RECEIVE_TIMEOUT}",
    )
    code = """\
    import time
    from pathlib import Path
    folder = Path(__file__).parent
    (folder / "received").touch()
    while not (folder / "may_reply").exists():
        time.sleep(0.01)
"""
    workspace.change("micro.py", "    instance.send", f"{code}    instance.send")
    return workspace


@pytest.mark.slow
@pytest.mark.parametrize("library", ["conjoin", pytest.param("muscle3", marks=pytest.mark.muscle3)])
def test_run_succeeds_after_the_manager_was_suspended_for_longer_than_all_timeouts(
    pausing: Workspace, library: LibraryName
):
    """Reports of waits that have ended meanwhile are not mistaken for a deadlock."""
    if library == "muscle3":
        pausing.use_muscle3()
    with pausing.running(sys.executable, "manage.py") as program:
        wait_until((pausing.folder / "received").exists)
        program.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        # the macro model now exceeds its receive timeout, and reports this to no avail
        wait_until(lambda: time.monotonic() > began + 2 * RECEIVE_TIMEOUT)
        (pausing.folder / "may_reply").touch()
        wait_until(lambda: time.monotonic() > began + PAUSE)
        program.process.send_signal(signal.SIGCONT)
        outcome = program.finish()
    assert "succeeded: True" in outcome.stdout, outcome.text
    assert not outcome.left_behind
    assert "the manager is suspended" in agent_log(pausing)


@pytest.mark.slow
def test_killing_a_suspended_manager_ends_its_programs(pausing: Workspace):
    with pausing.running(sys.executable, "manage.py") as program:
        wait_until((pausing.folder / "received").exists)
        program.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: "the manager is suspended" in agent_log(pausing))
        assert programs(program)
        program.process.kill()
        wait_until(lambda: not programs(program))


def programs(program: RunningProgram) -> list[object]:
    return [*program.processes("macro.py"), *program.processes("micro.py")]


def agent_log(workspace: Workspace) -> str:
    return "".join(path.read_text() for path in workspace.run_dir.rglob("muscle3_agent_*.log"))
