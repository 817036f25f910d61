"""An instance with several threads is deadlocked only if all of them wait."""

import sys

import pytest

from tests.support.workspace import Workspace

MODEL = """\
ymmsl_version: v0.2
description: Two threads of one instance exchange messages with the same peer
models:
  threads:
    description: Two timelines
    components:
      caller:
        description: Has a thread for each timeline
        ports:
          timeline early: {{o_i: early_out, s: early_in}}
          timeline late: {{o_i: late_out, s: late_in}}
        implementation: caller
      answering:
        description: Serves one timeline to its end, and only then the other
        ports:
          timeline early: {{o_i: early_out, s: early_in}}
          timeline late: {{o_i: late_out, s: late_in}}
        implementation: answering
    matching_timelines:
      caller.early: answering.early
      caller.late: answering.late
    conduits:
      caller.early_out: answering.early_in
      answering.early_out: caller.early_in
      caller.late_out: answering.late_in
      answering.late_out: caller.late_in
settings:
  muscle_deadlock_receive_timeout: 0.5
programs:
  caller: {{description: x, executable: {python}, args: {folder}/caller.py}}
  answering: {{description: x, executable: {python}, args: {folder}/answering.py}}
"""

START = """\
import threading
import time

from conjoin import Instance, Message, Operator

instance = Instance({Operator.O_I: ["early_out", "late_out"], Operator.S: ["early_in", "late_in"]})
"""

ANSWERING = f"""{START}
while instance.reuse_instance():
    for name in ("late", "early"):
        data = instance.receive(name + "_in").data
        instance.send(name + "_out", Message(0.0, None, data))
"""

CALLER = f"""{START}
def call(name):
    instance.send(name + "_out", Message(0.0, None, 1))
    instance.receive(name + "_in")

def compute_and_call():
    end = time.monotonic() + 4.0
    while time.monotonic() < end:
        time.sleep(0.01)
    call("late")

while instance.reuse_instance():
    thread = threading.Thread(target=compute_and_call, daemon=True)
    thread.start()
    other = thread
    {{main}}
    thread.join()
    other.join()
"""

DEADLOCKED_CALLER = f"""{START}
lock = threading.Lock()

def receive(name):
    with lock:  # one of the threads waits here for the other one
        instance.receive(name + "_in")

while instance.reuse_instance():
    threads = [threading.Thread(target=receive, args=(name,)) for name in ("early", "late")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@pytest.fixture
def threads(workspace: Workspace) -> Workspace:
    workspace.write("model.ymmsl", MODEL.format(python=sys.executable, folder=workspace.folder))
    workspace.write("answering.py", ANSWERING)
    return workspace


@pytest.mark.slow
@pytest.mark.parametrize(
    "main",
    ['call("early")', 'other = threading.Thread(target=call, args=("early",)); other.start()'],
)
def test_instance_with_a_thread_that_computes_is_not_deadlocked(threads: Workspace, main: str):
    threads.write("caller.py", CALLER.replace("{main}", main))
    outcome = threads.start_all()
    assert outcome.exit_code == 0, outcome.text
    assert "eadlock" not in outcome.text


@pytest.mark.slow
def test_deadlock_of_an_instance_with_threads_is_found(threads: Workspace):
    threads.write("caller.py", DEADLOCKED_CALLER)
    outcome = threads.start_all()
    assert outcome.exit_code == 1
    assert "Deadlock: these instances wait for each other in a cycle:" in outcome.stdout
    assert "'answering' waits on port 'late_in' for 'caller'" in outcome.stdout
    assert not outcome.left_behind
