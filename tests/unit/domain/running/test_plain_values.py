"""Events and statuses as values that JSON can represent."""

import json

import pytest

from domain.coupling.messages import LogRecord, Wait
from domain.running.events import (
    DeadlockFound,
    InstanceExited,
    InstanceStarted,
    InstanceState,
    InstanceStatus,
    LogRecorded,
    RunFinished,
    StatusChanged,
)
from domain.running.process_end import Exited

WAIT = {"instance": "a", "peer": "b", "port": "in", "slot": 2, "is_sending": False}


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (
            InstanceStarted("a", "node1", time=5.0),
            {"event": "InstanceStarted", "time": 5.0, "instance": "a", "node": "node1"},
        ),
        (
            InstanceExited("a", Exited(3), time=6.0),
            {
                "event": "InstanceExited",
                "time": 6.0,
                "instance": "a",
                "end": {"type": "Exited", "code": 3},
            },
        ),
        (
            DeadlockFound((Wait("a", "b", "in", 2),)),
            {"event": "DeadlockFound", "time": 0.0, "cycle": [WAIT]},
        ),
        (
            LogRecorded(LogRecord("a", 1.5, 30, "text"), time=2.0),
            {
                "event": "LogRecorded",
                "time": 2.0,
                "record": {"instance": "a", "time": 1.5, "level": 30, "text": "text"},
            },
        ),
        (
            RunFinished(succeeded=False, cause="no", failed_instances=("a",)),
            {
                "event": "RunFinished",
                "time": 0.0,
                "succeeded": False,
                "cause": "no",
                "failed_instances": ["a"],
                "output_directory": "",
                "was_interrupted": False,
                "warnings": [],
                "summary": "",
            },
        ),
    ],
)
def test_event_dict_has_the_name_and_the_plain_attributes(event, shown):
    assert event.to_dict() == shown
    assert json.loads(json.dumps(event.to_dict())) == shown


def test_status_dict_has_the_value_of_the_state():
    status = InstanceStatus("a", InstanceState.WAITING, 1.0, waiting_for=Wait("a", "b", "in", 2))
    assert status.to_dict()["state"] == "waiting"
    assert status.to_dict()["waiting_for"] == WAIT
    assert StatusChanged(status).to_dict()["status"]["instance"] == "a"
