"""Processes are killed at random moments, and each run is resumed from its last snapshot.

The victims and moments follow from a seed, which a failure reports. The environment variable
CONJOIN_SOAK_SEED repeats them, and CONJOIN_SOAK_SECONDS makes the test longer.
"""

import os
import random
import re
import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.soak.soak_model import STEPS, expected_result, results_of, soak_workspace, steps_of
from tests.support.conditions import PATIENCE, wait_until
from tests.support.workspace import MANAGER, RunningProgram, Workspace

SEED = os.environ.get("CONJOIN_SOAK_SEED") or secrets.token_hex(4)
SECONDS = float(os.environ.get("CONJOIN_SOAK_SECONDS", "60"))
LANES = 3

COMPLETED, FAILED, KILLED = 0, 1, -9

VICTIMS = (
    ("macro",),
    ("micro",),
    ("agent",),
    ("watchdog",),
    ("manager",),
    ("manager", "agent"),
)
TITLES = {
    "agent": "entrypoints.agent",
    "watchdog": "conjoin-watchdog",
    "macro": "macro.py",
    "micro": "micro.py",
}


@dataclass(frozen=True)
class Kill:
    """What to kill, and when.

    Attributes:
        victims: The processes.
        step: The step after which they are killed; None during the start.
        delay: Seconds to wait in addition.
    """

    victims: tuple[str, ...]
    step: int | None
    delay: float


def kills(lane: int) -> Iterator[Kill]:
    """Yield random kills, which are the same for the same seed and lane."""
    choose = random.Random(f"{SEED}/{lane}")
    while True:
        victims = choose.choice(VICTIMS)
        if choose.random() < 0.2:
            yield Kill(victims, None, choose.uniform(0.0, 1.0))
        else:
            yield Kill(victims, choose.randrange(STEPS), choose.uniform(0.0, 0.02))


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 3 * PATIENCE)
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_kills_at_random_moments_leave_no_process_and_each_run_can_be_resumed(tmp_path: Path):
    deadline = time.monotonic() + SECONDS
    with ThreadPoolExecutor(LANES) as pool:
        lanes = [pool.submit(soak, tmp_path / str(lane), lane, deadline) for lane in range(LANES)]
    problems = [problem for lane in lanes for problem in lane.result()]
    assert not problems, f"to repeat, set CONJOIN_SOAK_SEED={SEED}:\n" + "\n".join(problems)


def soak(folder: Path, lane: int, deadline: float) -> list[str]:
    """Run, kill and resume until the time is over; return what went wrong."""
    workspace = soak_workspace(folder)
    for number, kill in enumerate(kills(lane), 1):
        if time.monotonic() > deadline:
            return []
        try:
            kill_and_resume(workspace, f"{number}", kill)
        except (AssertionError, OSError, psutil.Error) as error:
            return [f"lane {lane}, kill {number} ({kill}): {error!r}"]
    raise AssertionError


def kill_and_resume(workspace: Workspace, number: str, kill: Kill) -> None:
    run_dir = workspace.folder / f"run_{number}"
    run_dir.mkdir()
    with workspace.running(*start(run_dir), name=f"run_{number}") as program:
        was_killed = wait_and_kill(program, run_dir, kill)
        exit_code = program.process.wait(PATIENCE)
        if "manager" in kill.victims:
            # the others notice, and end
            wait_until(lambda: not program.processes(), pause=0.05)
        assert not program.processes(), "processes were left behind"
        check_outcome(exit_code, program.text, kill if was_killed else None)
    if exit_code == COMPLETED:
        assert results_of(run_dir) == [expected_result()]
    elif any((run_dir / "snapshots").glob("*.ymmsl")):
        resume(workspace, run_dir)


def wait_and_kill(program: RunningProgram, run_dir: Path, kill: Kill) -> bool:
    """Kill the victims in the right moment; return whether one of them still ran."""
    process = program.process
    if kill.step is not None:
        step = kill.step
        wait_until(lambda: steps_of(run_dir) >= step or process.poll() is not None)
    time.sleep(kill.delay)  # a random moment; no condition is waited for
    processes = [item for victim in kill.victims for item in running(program, victim)]
    for item in processes:
        with suppress(psutil.NoSuchProcess):
            item.suspend()  # so that none of them notices the end of another one
    for item in processes:
        with suppress(psutil.NoSuchProcess):
            item.kill()
    return bool(processes)


def running(program: RunningProgram, victim: str) -> list[psutil.Process]:
    """Return the process of a victim, if it has started and not ended."""
    if victim == "manager":
        return [psutil.Process(program.process.pid)] if program.process.poll() is None else []
    found = []
    for process in program.processes(TITLES[victim]):
        with suppress(psutil.NoSuchProcess):
            found.append((process.create_time(), process.pid, process))
    # A child that has just been forked still has the title of its parent.
    return [min(found)[2]] if found else []


def check_outcome(exit_code: int, text: str, kill: Kill | None) -> None:
    """Check the exit code and the reported cause of a run."""
    if kill is None:
        assert exit_code == COMPLETED, text
        return
    if "manager" in kill.victims:
        assert exit_code in (KILLED, COMPLETED), text
        return
    if exit_code == COMPLETED:
        return  # it was killed after its work was done; the caller checks the result
    assert exit_code == FAILED, text
    assert "Traceback" not in text, text
    # a run fails before the simulation begins if its agent is killed while it starts
    cause = re.split("(?:simulation|run) failed:", text, maxsplit=1)[1].lstrip()
    (victim,) = kill.victims
    if victim in ("agent", "watchdog"):  # the agent ends with its watchdog
        assert re.search("agent .*killed by signal 9", cause), text
    else:
        assert cause.startswith(f"Instance '{victim}' failed: it was killed by signal 9"), text


def resume(workspace: Workspace, run_dir: Path) -> None:
    resumed = run_dir.with_name(f"{run_dir.name}_resumed")
    resumed.mkdir()
    command = [*start(resumed), "--resume", run_dir]
    with workspace.running(*command, name=resumed.name) as program:
        exit_code = program.process.wait(PATIENCE)
        assert exit_code == COMPLETED, program.text
        assert not program.processes(), "processes were left behind after resuming"
    # nothing is left to do if the run was killed after it had saved its last step
    is_done = results_of(run_dir) == [expected_result()] and not results_of(resumed)
    assert is_done or results_of(resumed) == [expected_result()]


def start(run_dir: Path) -> list[object]:
    return [*MANAGER, "--start-all", "--grace-time", 2, "--run-dir", run_dir, "model.ymmsl"]
