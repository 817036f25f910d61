"""A run that runs out of time saves its state first, and reports whether it can be resumed."""

import re
import shutil
import signal
import sys

import pytest

from domain.identity import Reference
from tests.support.conditions import wait_until
from tests.support.scenario_runs import python_of
from tests.support.snapshot_files import files_in, snapshot_in, workflow_snapshots
from tests.support.workspace import MANAGER, Outcome, Workspace

pytestmark = pytest.mark.slow

COMPLETED, FAILED, MISTAKE, RESUMABLE = 0, 1, 2, 75
START = (*MANAGER, "--start-all", "--run-dir", "run")
ENDLESS = 10**9
SAVE_TIME = 600
TIMES_TO_BEGIN = (3, 12, 48)
"""Seconds from reading the options to the start of the run, for each attempt."""

MACRO = """\
import time
from entrypoints.instance import Instance, InstanceFlags, Message, Operator

instance = Instance(
    {Operator.O_I: ["state_out"], Operator.S: ["state_in"]}, InstanceFlags.USES_CHECKPOINT_API
)
while instance.reuse_instance():
    step, total = 0, 0.0
    if instance.resuming():
        step, total = instance.load_snapshot().data
    instance.should_init()
    while step < instance.get_setting("steps", "int"):
        time.sleep(0.005)
        instance.send("state_out", Message(float(step), step + 1.0, total))
        total = total / 3 + instance.receive("state_in").data
        step += 1
        if step == 20:
            print("on its way", flush=True)
        if instance.should_save_snapshot(float(step)):
            instance.save_snapshot(Message(float(step), None, [step, total]))
    if instance.should_save_final_snapshot():
        instance.save_final_snapshot(Message(float(step), None, [step, total]))
    print("total", total.hex())
"""

MICRO = """\
from entrypoints.instance import Instance, InstanceFlags, Message, Operator

instance = Instance(
    {Operator.F_INIT: ["init"], Operator.O_F: ["final"]}, InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE
)
while instance.reuse_instance():
    message = instance.receive("init")
    instance.send("final", Message(message.timestamp, None, message.data + 0.1))
"""

SEQUENTIAL_MODEL = """\
ymmsl_version: v0.2
description: Two models, one after the other
models:
  relay:
    description: Two models, one after the other
    components:
      first:
        description: Ends early
        ports: {{o_f: out}}
        implementation: first
      macro:
        description: Runs long
        ports: {{f_init: init}}
        implementation: macro
    conduits:
      first.out: macro.init
programs:
  first: {{description: One, executable: {python}, args: ["../../../../first.py"]}}
  macro: {{description: Two, executable: {python}, args: ["../../../../macro.py"]}}
"""

FIRST = """\
from entrypoints.instance import Instance, InstanceFlags, Message, Operator

instance = Instance({Operator.O_F: ["out"]}, InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE)
while instance.reuse_instance():
    instance.send("out", Message(1.0, None, "a text"))
"""

SECOND = """\
import os, time
from entrypoints.instance import Instance, InstanceFlags, Message, Operator

instance = Instance({Operator.F_INIT: ["init"]}, InstanceFlags.USES_CHECKPOINT_API)
while instance.reuse_instance():
    if instance.resuming():
        text = instance.load_snapshot().data
    if instance.should_init():
        text = instance.receive("init").data
    assert text == "a text"
    print("on its way", flush=True)
    step = 0
    while not os.path.exists("../../../../go_on"):
        step += 1
        if instance.should_save_snapshot(float(step)):
            instance.save_snapshot(Message(float(step), None, text))
        time.sleep(0.01)
    if instance.should_save_final_snapshot():
        instance.save_final_snapshot(Message(float(step), None, text))
"""

HANGING = """\
import threading
from entrypoints.instance import Instance, InstanceFlags, Operator

instance = Instance(
    {Operator.O_I: ["state_out"], Operator.S: ["state_in"]}, InstanceFlags.USES_CHECKPOINT_API
)
instance.reuse_instance()
print("on its way", flush=True)
threading.Event().wait()
"""


@pytest.fixture
def saving(workspace: Workspace) -> Workspace:
    """A model that runs practically indefinitely, and saves its state on request."""
    workspace.write("macro.py", MACRO)
    workspace.write("micro.py", MICRO)
    workspace.change("model.ymmsl", "macro.steps: 2", f"macro.steps: {ENDLESS}")
    return workspace


def test_sigterm_makes_all_instances_save_a_resumable_run(saving: Workspace):
    with saving.running(*START, "--checkpoint-on-term", SAVE_TIME, "model.ymmsl") as program:
        wait_until_running(saving)
        program.process.send_signal(signal.SIGTERM)
        outcome = program.finish()
    assert_resumable(saving, outcome)
    assert "end of the allocated time. All instances save, for up to 600 s." in outcome.stdout
    assert "The run was stopped by SIGTERM" in outcome.stdout
    assert_resumes_to_the_same_result(saving)


def test_finished_instance_is_part_of_the_workflow_snapshot(saving: Workspace):
    saving.write("model.ymmsl", SEQUENTIAL_MODEL.format(python=sys.executable))
    saving.write("first.py", FIRST)
    saving.write("macro.py", SECOND)
    with saving.running(*START, "--checkpoint-on-term", SAVE_TIME, "model.ymmsl") as program:
        wait_until_running(saving)
        wait_until(lambda: not program.processes("first.py"))
        program.process.send_signal(signal.SIGTERM)
        outcome = program.finish()
    assert_resumable(saving, outcome)
    (saving.folder / "go_on").touch()
    resumed = saving.conjoin("run", "--start-all", "--resume", "run", "model.ymmsl")
    assert resumed.exit_code == COMPLETED, resumed.text


def test_inconsistent_snapshots_cause_a_warning(saving: Workspace):
    saving.write("model.ymmsl", SEQUENTIAL_MODEL.format(python=sys.executable))
    saving.write("first.py", FIRST)
    saving.write("macro.py", SECOND)
    rule = ("--checkpoint-every-simulation", 1)
    with saving.running(*START, *rule, "model.ymmsl") as program:
        wait_until(lambda: any(saving.run_dir.glob("instances/macro/snapshots/*.pack")))
        (saving.folder / "go_on").touch()
        outcome = program.finish()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Warning: Instances made snapshots, but no set of them fits together" in outcome.stdout
    assert "set 'at_end: true' under 'checkpoints:'" in outcome.stdout


def test_resumed_run_without_new_snapshots_names_the_run_that_it_resumed(saving: Workspace):
    with saving.running(*START, "--checkpoint-on-term", SAVE_TIME, "model.ymmsl") as program:
        wait_until_running(saving)
        program.process.send_signal(signal.SIGTERM)
        assert_resumable(saving, program.finish())
    saving.write(
        "macro.py", "import threading\nprint('on its way', flush=True)\nthreading.Event().wait()\n"
    )
    (saving.folder / "again").mkdir()
    again = (*MANAGER, "--start-all", "--run-dir", "again", "--resume", "run", "model.ymmsl")
    output = saving.folder / "again" / "instances" / "macro" / "stdout.txt"
    with saving.running(*again) as program:
        wait_until(lambda: output.exists() and "on its way" in output.read_text())
        program.process.send_signal(signal.SIGTERM)
        outcome = program.finish()
    assert outcome.exit_code == RESUMABLE
    assert f"It can be resumed from its starting point: {saving.run_dir}" in outcome.stdout


def test_all_instances_save_before_the_stop_time(saving: Workspace):
    outcome = run_until_the_stop_time(saving, save_time=SAVE_TIME)
    assert_resumable(saving, outcome)
    assert "The run reached its time limit. All instances save, for up to 600 s." in outcome.stdout
    assert_resumes_to_the_same_result(saving)


@pytest.mark.slow
def test_muscle3_instances_save_before_the_stop_time(saving: Workspace):
    by_muscle3(saving, "macro", "micro")
    # The manager cannot request snapshots from them, so they save a hundred times during this time.
    outcome = run_until_the_stop_time(saving, save_time=100)
    assert_resumable(saving, outcome)


def test_unknown_end_of_a_slurm_job_causes_a_warning(workspace: Workspace):
    environment = {"SLURM_JOB_ID": "1", "PATH": str(workspace.folder)}
    options = ("--checkpoint-on-term", SAVE_TIME, "--dry-run")
    with workspace.running(*START, *options, "model.ymmsl", environment=environment) as program:
        outcome = program.finish()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Warning: Could not determine when this Slurm job ends" in outcome.stdout
    assert "unless you pass --stop-at" in outcome.stdout


@pytest.mark.slow
def test_muscle3_instances_that_cannot_save_on_request_are_reported(saving: Workspace):
    by_muscle3(saving, "micro")
    options = ("--checkpoint-on-term", SAVE_TIME, "--checkpoint-every-simulation", 10)
    with saving.running(*START, *options, "model.ymmsl") as program:
        wait_until_running(saving)
        wait_until(lambda: any((saving.run_dir / "snapshots").glob("*.ymmsl")))
        program.process.send_signal(signal.SIGTERM)
        outcome = program.finish()
    assert_resumable(saving, outcome)
    assert "MUSCLE3's instances cannot be asked: micro" in outcome.stdout
    assert "instances of MUSCLE3 cannot be asked to save: micro" in log_of(saving)


def test_exit_code_is_failure_without_a_workflow_snapshot(workspace: Workspace):
    workspace.write("macro.py", HANGING)
    workspace.write("micro.py", MICRO)
    with workspace.running(*START, "--checkpoint-on-term", 0.5, "model.ymmsl") as program:
        wait_until_running(workspace)
        program.process.send_signal(signal.SIGTERM)
        outcome = program.finish()
    assert outcome.exit_code == FAILED
    assert "There are no snapshots from which it can be resumed." in outcome.stdout
    assert "no set of snapshots was completed in time" in log_of(workspace)
    assert not outcome.left_behind


def test_second_sigterm_stops_the_run_at_once(workspace: Workspace):
    workspace.write("macro.py", HANGING)
    workspace.write("micro.py", MICRO)
    with workspace.running(*START, "--checkpoint-on-term", SAVE_TIME, "model.ymmsl") as program:
        wait_until_running(workspace)
        program.process.send_signal(signal.SIGTERM)
        program.wait_for_output("All instances save")
        program.process.send_signal(signal.SIGTERM)
        outcome = program.finish()
    assert outcome.exit_code == FAILED
    assert not outcome.left_behind


def test_stop_time_without_checkpoints_just_stops_the_run(saving: Workspace):
    outcome = run_until_the_stop_time(saving)
    assert outcome.exit_code == FAILED
    assert "The run reached its time limit." in outcome.stdout
    assert not outcome.left_behind


@pytest.mark.parametrize(
    ("options", "text"),
    [
        # Some of the five seconds have passed when the message is written.
        (("--stop-at", "+5", "--checkpoint-on-term", 10), r"stop in -?\d+ s, 10 s of which are"),
        (("--stop-at", "2020-01-01T00:00"), "No time is left for this run"),
        (("--stop-at", "noon"), "noon is neither a time, such as 2026-11-20T18:30 or 18:30, nor"),
        (("--checkpoint-on-term", "0"), "0 is not greater than 0"),
    ],
)
def test_invalid_stop_time_is_rejected(saving: Workspace, options: tuple[object, ...], text: str):
    with saving.running(*START, *options, "model.ymmsl") as program:
        outcome = program.finish()
    assert outcome.exit_code == MISTAKE
    assert re.search(text, outcome.stderr)
    assert "Traceback" not in outcome.text


def test_instance_without_checkpoint_support_is_rejected(workspace: Workspace):
    outcome = workspace.start_all("--checkpoint-on-term", 10)
    assert outcome.exit_code == FAILED
    assert "does not support them" in outcome.stdout
    assert "or leave out --checkpoint-on-term" in outcome.stdout


# Snapshots that cannot be stored ------------------------------------------------------------------

REPLACE_SNAPSHOT_DIRECTORY = (
    'import shutil; shutil.rmtree("../snapshots", True); open("../snapshots", "w")\n'
)


@pytest.fixture
def model_without_storage(saving: Workspace) -> Workspace:
    """A model whose snapshots cannot be stored."""
    saving.change(
        "macro.py",
        "while instance.reuse_instance():",
        f"{REPLACE_SNAPSHOT_DIRECTORY}while instance.reuse_instance():",
    )
    saving.change("model.ymmsl", f"macro.steps: {ENDLESS}", "macro.steps: 3")
    return saving


def test_run_continues_after_a_snapshot_cannot_be_stored(model_without_storage: Workspace):
    outcome = model_without_storage.start_all("--checkpoint-every-simulation", 1)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "macro (error): A snapshot of 'macro' could not be stored" in outcome.stdout


def test_snapshot_that_cannot_be_stored_ends_the_run_with_abort(model_without_storage: Workspace):
    outcome = model_without_storage.start_all(
        "--checkpoint-every-simulation", 1, "--checkpoint-failure", "abort"
    )
    assert outcome.exit_code == FAILED
    assert "A snapshot of 'macro' could not be stored" in outcome.stdout


def test_workflow_snapshot_that_cannot_be_written_ends_the_run_with_abort(saving: Workspace):
    (saving.run_dir / "snapshots").write_text("in the way")
    outcome = saving.start_all("--checkpoint-every-simulation", 1, "--checkpoint-failure", "abort")
    assert outcome.exit_code == FAILED
    assert "a workflow snapshot could not be written" in outcome.stdout


# Helpers ------------------------------------------------------------------------------------------


def run_until_the_stop_time(workspace: Workspace, *, save_time: int = 0) -> Outcome:
    """Run the model with the earliest stop time that the manager accepts.

    The time that the manager needs to start depends on the machine. A manager that starts too
    late rejects the stop time; then the run is repeated with more time.

    Args:
        workspace: The folder with the model.
        save_time: Seconds reserved for saving; 0 to stop the run without saving.
    """
    saving = ("--checkpoint-on-term", save_time) if save_time else ()
    for seconds in TIMES_TO_BEGIN:
        end = ("--stop-at", f"+{save_time + seconds}")
        with workspace.running(*START, *end, *saving, "model.ymmsl") as program:
            outcome = program.finish()
        if "No time is left for this run" not in outcome.stderr:
            return outcome
        shutil.rmtree(workspace.run_dir)
        workspace.run_dir.mkdir()
    pytest.fail(f"the manager did not begin within {TIMES_TO_BEGIN[-1]} s: {outcome.text}")


def wait_until_running(workspace: Workspace) -> None:
    output = workspace.run_dir / "instances" / "macro" / "stdout.txt"
    wait_until(lambda: output.exists() and "on its way" in output.read_text())


def log_of(workspace: Workspace) -> str:
    return (workspace.run_dir / "muscle3_manager.log").read_text()


def by_muscle3(workspace: Workspace, *components: str) -> None:
    """Make components use MUSCLE3's library."""
    for name in components:
        workspace.change(f"{name}.py", "from entrypoints.instance", "from libmuscle")
        workspace.change(f"{name}.py", ", Operator\n", "\nfrom ymmsl.v0_2 import Operator\n")
        text = (workspace.folder / "model.ymmsl").read_text()
        before, found, after = text.rpartition(f"\n  {name}:\n")
        python = python_of("muscle3")
        workspace.write(
            "model.ymmsl",
            before + found + re.sub(r"executable: .*", f"executable: {python}", after, count=1),
        )


def assert_resumable(workspace: Workspace, outcome: Outcome) -> None:
    assert outcome.exit_code == RESUMABLE, outcome.text
    newest = workflow_snapshots(workspace.run_dir)[-1]
    assert f"It can be resumed from {newest}: run it again with" in outcome.stdout
    assert f"with --resume {workspace.run_dir}" in outcome.stdout
    assert not outcome.left_behind


def assert_resumes_to_the_same_result(workspace: Workspace) -> None:
    newest = workflow_snapshots(workspace.run_dir)[-1]
    state = snapshot_in(files_in(newest)[Reference("macro")]).message
    assert state is not None
    saved, _ = state.data
    workspace.change("model.ymmsl", f"macro.steps: {ENDLESS}", f"macro.steps: {saved + 5}")
    totals = []
    for name, options in (("whole", ()), ("resumed", ("--resume", workspace.run_dir))):
        (workspace.folder / name).mkdir()
        outcome = workspace.manager("--start-all", "--run-dir", name, *options, "model.ymmsl")
        assert outcome.exit_code == COMPLETED, outcome.text
        totals.append(re.findall(r"^total (.*)$", printed_by_macro(workspace, name), re.MULTILINE))
    assert totals[0] == totals[1]
    assert len(totals[0]) == 1


def printed_by_macro(workspace: Workspace, run: str) -> str:
    return (workspace.folder / run / "instances" / "macro" / "stdout.txt").read_text()
