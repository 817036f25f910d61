"""Simulations and managers in a real Jupyter kernel."""

import pytest

from tests.support.conditions import is_running, wait_until
from tests.support.kernel import INTERRUPT_ME, run_cells
from tests.support.pair import MODEL, with_programs

pytestmark = pytest.mark.slow

FUNCTIONS = """\
from entrypoints.instance import Instance, Message, Operator, run_simulation

def macro():
    instance = Instance({Operator.O_I: ["out"], Operator.S: ["in"]})
    while instance.reuse_instance():
        for step in range(instance.get_setting("steps", "int")):
            instance.send("out", Message(float(step), None, step))
            print("received", instance.receive("in").data)

factor = 5

def multiplied(number):
    return number * factor

def micro():
    instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
    while instance.reuse_instance():
        message = instance.receive("init")
        instance.send("final", Message(message.timestamp, None, multiplied(message.data)))
"""


def test_cell_functions_run_and_print_into_the_notebook(tmp_path):
    run = f"run_simulation({MODEL!r}, {{'macro': macro, 'micro': micro}})"
    cells = run_cells([FUNCTIONS, run, "factor = 7", run], tmp_path)
    assert [cell.error for cell in cells] == [""] * 4
    assert cells[1].text == "received 0\nreceived 5\nreceived 10\n"
    assert cells[3].text == "received 0\nreceived 7\nreceived 14\n"


def test_exception_in_a_cell_function_is_shown_in_the_notebook(tmp_path):
    broken = "def multiplied(number):\n    raise ValueError('oh no')"
    run = f"run_simulation({MODEL!r}, {{'macro': macro, 'micro': micro}})"
    cells = run_cells([FUNCTIONS, broken, run], tmp_path)
    assert cells[2].error == "InstanceFailed"
    assert "'micro'" in cells[2].message
    assert "ValueError: oh no" in cells[2].message


def test_interrupting_the_kernel_ends_the_simulation(tmp_path):
    endless = f"""\
import os, pathlib, time
def multiplied(number):
    pathlib.Path("pid").write_text(str(os.getpid()))
    pathlib.Path("{INTERRUPT_ME}").touch()
    time.sleep(1000)
"""
    run = f"run_simulation({MODEL!r}, {{'macro': macro, 'micro': micro}})"
    later = (
        "import threading; print(sorted(t.name for t in threading.enumerate() if 'conj' in t.name))"
    )
    cells = run_cells([FUNCTIONS + endless, run, later], tmp_path)
    assert cells[1].error == "KeyboardInterrupt"
    assert cells[2].text == "[]\n"
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_running(pid))


def test_manager_works_in_the_running_event_loop_of_a_kernel(tmp_path):
    cell = f"""\
import asyncio
from entrypoints.manager import Manager
with Manager({with_programs()!r}) as manager:
    manager.start_all()
    result = await asyncio.wait_for(manager.finished(), 60)
print(result.succeeded, [status.state.value for status in manager.status()])
"""
    (outcome,) = run_cells([cell], tmp_path)
    assert (outcome.error, outcome.message) == ("", "")
    assert outcome.text == "True ['finished', 'finished']\n"
