"""A small model that saves its state often, whose result shows whether a step was lost or repeated.

Each program also starts a child in a session of its own, which must end with the run.
"""

import sys
from pathlib import Path

from tests.support.pair import model_with_ports
from tests.support.workspace import Workspace

STEPS = 200
STEPS_PER_CHECKPOINT = 20
_MODULUS = 2**31 - 1

_REST = f"""\
settings:
  macro.start: 1
checkpoints:
  at_end: true
  simulation_time:
  - every: {STEPS_PER_CHECKPOINT}
programs:
  macro:
    description: The macro model
    executable: {{python}}
    args: ["{{folder}}/macro.py"]
  micro:
    description: The micro model
    executable: {{python}}
    args: ["{{folder}}/micro.py"]
"""

_IMPORTS = """\
import subprocess
from conjoin import Instance, InstanceFlags, Message, Operator

subprocess.Popen(["sleep", "600"], start_new_session=True)
"""

_MACRO = f"""{_IMPORTS}
ports = {{Operator.O_I: ["out"], Operator.S: ["in"]}}
instance = Instance(ports, InstanceFlags.USES_CHECKPOINT_API)
while instance.reuse_instance():
    step, state = 0, instance.get_setting("start", "int")
    if instance.resuming():
        step, state = instance.load_snapshot().data
    instance.should_init()
    while step < {STEPS}:
        instance.send("out", Message(float(step), None, state))
        state = (31 * state + instance.receive("in").data) % {_MODULUS}
        step += 1
        print("step", step, flush=True)
        if instance.should_save_snapshot(float(step)):
            instance.save_snapshot(Message(float(step), None, [step, state]))
    print("result", state, flush=True)
    if instance.should_save_final_snapshot():
        instance.save_final_snapshot(Message(float(step), None, [step, state]))
"""

_MICRO = f"""{_IMPORTS}
calls = 0
ports = {{Operator.F_INIT: ["init"], Operator.O_F: ["final"]}}
instance = Instance(ports, InstanceFlags.USES_CHECKPOINT_API)
while instance.reuse_instance():
    if instance.resuming():
        calls = instance.load_snapshot().data
    if instance.should_init():
        message = instance.receive("init")
        calls += 1
        instance.send("final", Message(message.timestamp, None, 3 * message.data + calls))
    if instance.should_save_final_snapshot():
        instance.save_final_snapshot(Message(message.timestamp, None, calls))
"""


def soak_workspace(folder: Path) -> Workspace:
    """Return a workspace with the model."""
    folder.mkdir()
    workspace = Workspace(folder)
    model = model_with_ports(sends="out", receives="in")
    workspace.write("model.ymmsl", model + _REST.format(python=sys.executable, folder=folder))
    workspace.write("macro.py", _MACRO)
    workspace.write("micro.py", _MICRO)
    return workspace


def expected_result(start: int = 1) -> int:
    """Return the result of a run in which each step was made once."""
    state = start
    for call in range(1, STEPS + 1):
        state = (31 * state + 3 * state + call) % _MODULUS
    return state


def steps_of(run_dir: Path) -> int:
    """Return the number of the last step that a run has printed."""
    steps = [line for line in _output(run_dir) if line.startswith("step ")]
    return int(steps[-1].split()[1]) if steps else 0


def results_of(run_dir: Path) -> list[int]:
    """Return the results that a run has printed: one, if it has completed."""
    return [int(line.split()[1]) for line in _output(run_dir) if line.startswith("result ")]


def _output(run_dir: Path) -> list[str]:
    path = run_dir / "instances" / "macro" / "stdout.txt"
    # the last line may be incomplete while the program runs
    return path.read_text().rpartition("\n")[0].splitlines() if path.exists() else []
