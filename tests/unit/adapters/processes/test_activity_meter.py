"""Samples of real processes, and of files as procfs has them."""

import os
import signal
import subprocess
import sys

import pytest

from adapters.processes.activity_meter import ProcfsActivityMeter
from domain.running.activity import ProcessSample
from tests.support.conditions import wait_until

STAT = "{pid} (a) b) ({state} 1 1 1 0 -1 0 0 0 0 0 {own} 2 30 4 20 0 1 0 5 0 0"


def add(proc, pid, state="S", *, own=1, children=""):
    """Add a process, with 1 or more ticks of its own, and 36 in other times."""
    (proc / str(pid) / "task" / str(pid)).mkdir(parents=True)
    text = STAT.format(pid=pid, state=state, own=own).replace(") (", ") ")
    (proc / str(pid) / "stat").write_text(text)
    (proc / str(pid) / "task" / str(pid) / "children").write_text(children)


def test_processes_of_a_program_are_added(tmp_path):
    add(tmp_path, 7, "S", own=1, children="8 9 ")
    add(tmp_path, 8, "D", own=2, children="10")
    add(tmp_path, 10, "Z", own=3)
    samples = ProcfsActivityMeter(proc=tmp_path).sample({"a": 7, "absent": 99})
    assert set(samples) == {"a"}
    assert samples["a"].ticks == 6 + 3 * 36
    assert sorted(samples["a"].states) == ["D", "S", "Z"]


def test_children_that_the_kernel_does_not_list_are_left_out(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("7 (a) T 1 1 1 0 -1 0 0 0 0 0 1 0 0 0 20 0 1 0 5 0 0")
    samples = ProcfsActivityMeter(proc=tmp_path).sample({"a": 7})
    assert samples == {"a": ProcessSample(1, "T")}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs procfs")
def test_stopped_process_and_its_child_are_seen():
    program = subprocess.Popen(["sh", "-c", "sleep 1000 & wait"], start_new_session=True)
    meter = ProcfsActivityMeter()

    def states():
        return meter.sample({"a": program.pid})["a"].states

    try:
        wait_until(lambda: states() == "SS")
        os.killpg(program.pid, signal.SIGSTOP)
        wait_until(lambda: states() == "TT")
    finally:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
