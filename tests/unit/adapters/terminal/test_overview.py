"""Which events of a run are notable."""

import math

import pytest

from adapters.terminal.overview import Overview, printable, summary, time_span, wait_text
from domain.coupling.messages import LogRecord, Wait
from domain.running.events import (
    DeadlockFound,
    InstanceRegistered,
    InstanceState,
    LogRecorded,
    NodeChanged,
    RunFinished,
    SnapshotFailed,
    StopRequested,
)
from domain.running.nodes import NodeStatus
from domain.running.process_end import Exited, Killed, NeverStarted, NodeLost
from tests.unit.adapters.terminal.examples import RUNNING, WAITING, changed, status


@pytest.fixture
def overview():
    return Overview(["macro", "micro[3]"])


def test_instances_initially_wait_to_start(overview):
    assert summary(overview.statuses()) == "2 waiting to start"


def test_latest_status_is_counted(overview):
    overview.note(changed("macro", InstanceState.STARTED))
    overview.note(changed("macro", InstanceState.RUNNING))
    assert summary(overview.statuses()) == "1 waiting to start, 1 running"


def test_failure_is_mentioned_once(overview):
    overview.note(changed("macro", InstanceState.FAILED, end=Exited(3)))
    overview.note(changed("macro", InstanceState.FAILED, end=Exited(3)))
    assert overview.take_lines() == ["macro failed: it ended with exit code 3"]
    assert overview.take_lines() == []


def test_lost_connection_is_mentioned_once(overview):
    for _ in range(2):
        overview.note(changed("macro", InstanceState.DISCONNECTED))
    assert overview.take_lines() == ["macro has lost its connection to the manager"]


def test_lost_node_is_mentioned_once(overview):
    for loss in ("", "node 'n' was lost: no power", "node 'n' was lost: no power"):
        overview.note(NodeChanged(NodeStatus("n", loss=loss)))
    assert overview.take_lines() == ["node 'n' was lost: no power"]
    assert [node.loss for node in overview.nodes()] == ["node 'n' was lost: no power"]


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (Killed(9), "was ended by SIGKILL"),
        (Killed(63), "was ended by signal 63"),
        (Exited(0), "exit code 0"),
        (NeverStarted("no such file"), "could not be started: no such file"),
        (NodeLost("node 'n' was lost: gone"), "ended because node 'n' was lost: gone"),
    ],
)
def test_process_end_is_described(overview, end, text):
    overview.note(changed("macro", InstanceState.FAILED, end=end))
    assert text in overview.take_lines()[0]


def test_warnings_of_instances_are_mentioned_and_lower_levels_are_not(overview):
    for level in (10, 20, 30, 40, 100):
        overview.note(LogRecorded(LogRecord("macro", 0.0, level, f"level {level}")))
    assert overview.take_lines() == ["macro (warning): level 30", "macro (error): level 40"]


def test_deadlock_is_mentioned(overview):
    cycle = (Wait("macro", "micro[3]", "state_in"), Wait("micro[3]", "macro", "init"))
    overview.note(DeadlockFound(cycle))
    assert overview.take_lines() == [
        "Deadlock: macro waits for micro[3] on port state_in; micro[3] waits for macro on port init"
    ]


def test_other_events_are_not_mentioned(overview):
    overview.note(InstanceRegistered("macro"))
    overview.note(RunFinished(succeeded=True))
    assert overview.take_lines() == []


def test_last_of_very_many_lines_are_shown(overview):
    for number in range(1000):
        overview.note(LogRecorded(LogRecord("macro", 0.0, 30, str(number))))
    lines = overview.take_lines()
    assert lines[0] == "... (more in the log of the run)"
    assert lines[-1] == "macro (warning): 999"
    assert len(lines) == 21


def test_control_characters_of_instances_are_escaped(overview):
    overview.note(LogRecorded(LogRecord("macro", 0.0, 30, "\x1b[2Jgone\nnext")))
    assert overview.take_lines() == ["macro (warning):  [2Jgone next"]
    assert printable("größer ░") == "größer ░"


def test_simulated_times_are_shown_as_a_range():
    assert time_span([RUNNING]) == "2.5"
    assert time_span([RUNNING, WAITING]) == "2.25 to 2.5"
    unknown = status("macro", InstanceState.RUNNING, simulated_time=-math.inf)
    assert time_span([unknown, status("micro", InstanceState.RUNNING)]) == ""


def test_wait_is_shown_with_peer_port_and_slot():
    assert wait_text(Wait("micro", "macro", "init")) == "macro on port init"
    assert wait_text(Wait("macro", "micro[3]", "state_in", 3)) == "micro[3] on port state_in[3]"
    sending = Wait("macro", "micro", "out", is_sending=True)
    assert wait_text(sending) == "room to send to micro on port out"


def test_reason_and_deadline_of_a_save_request_are_mentioned():
    overview = Overview(["macro"])
    overview.note(StopRequested("The time is over.", 30.0))
    overview.note(StopRequested("The time is over.", 0.0, ("macro", "micro")))
    assert overview.take_lines() == [
        "The time is over. All instances save, for up to 30 s.",
        "The time is over. Nothing is saved: MUSCLE3's instances cannot be asked: macro, micro",
    ]


def test_failed_workflow_snapshot_is_mentioned_and_failed_instance_snapshot_is_not():
    overview = Overview(["macro"])
    overview.note(SnapshotFailed("the disk is full"))
    overview.note(SnapshotFailed("the disk is full", "macro"))
    assert overview.take_lines() == ["A workflow snapshot could not be written: the disk is full"]
