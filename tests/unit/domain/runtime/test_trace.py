"""Traces of a run."""

import json

from domain.runtime.trace import Trace, TraceEvent

TASK = TraceEvent("Counter.add", "task", "worker:0:0", 1.5, 0.25, row="counter:head:1")
PUT = TraceEvent("put", "transfer", "head", 1.0, 0.5)


def entries(*events):
    """Return the entries of a trace."""
    return [json.loads(entry) for entry in Trace().entries(events)]


def test_event_is_a_complete_event_in_microseconds():
    (entry,) = [entry for entry in entries(TASK) if entry["ph"] == "X"]
    assert (entry["name"], entry["cat"]) == ("Counter.add", "task")
    assert (entry["ts"], entry["dur"]) == (1_500_000, 250_000)


def test_each_member_is_a_process_with_its_name():
    found = {
        entry["args"]["name"]: entry["pid"]
        for entry in entries(TASK, PUT)
        if entry["name"] == "process_name"
    }
    assert found == {"worker:0:0": 1, "head": 2}


def test_each_row_is_a_thread_with_its_name():
    found = [
        entry["args"]["name"]
        for entry in entries(TASK, TASK, PUT)
        if entry["name"] == "thread_name"
    ]
    assert found == ["counter:head:1", "head"]


def test_names_are_written_once():
    trace = Trace()
    assert len(list(trace.entries([TASK]))) == 3
    assert len(list(trace.entries([TASK]))) == 1


def test_bytes_of_a_transfer_are_an_argument():
    entry = entries(TraceEvent("put", "transfer", "head", 1.0, 0.5, size=64))[-1]
    assert entry["args"] == {"bytes": 64}
