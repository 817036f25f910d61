"""The contract of `EventSink`."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest

from conjoin.events import (
    DeadlockFound,
    InstanceDeregistered,
    InstanceExited,
    InstanceRegistered,
    InstanceStarted,
    InstanceState,
    InstanceStatus,
    Killed,
    LogRecord,
    LogRecorded,
    NodeChanged,
    NodeStatus,
    RunEvent,
    RunFinished,
    SnapshotAnnounced,
    SnapshotFailed,
    StatusChanged,
    StopRequested,
    Wait,
)
from conjoin.interfaces import EventSink

_WAIT = Wait("micro[3]", "macro", "init", 0)

EVENTS: list[RunEvent] = [
    InstanceStarted("macro", "node1"),
    InstanceRegistered("macro"),
    *(
        StatusChanged(InstanceStatus("macro", state, 0.0, _WAIT, 1.5, Killed(9)))
        for state in InstanceState
    ),
    StatusChanged(InstanceStatus("unheard_of", InstanceState.RUNNING, float("inf"))),
    LogRecorded(LogRecord("micro[3]", float("nan"), 12345, "\x1b[0m[red]\ud800")),
    LogRecorded(LogRecord("micro[3]", 0.0, 40, "")),
    NodeChanged(NodeStatus("node1")),
    NodeChanged(NodeStatus("node1", 4, 2**35, ("macro",), "", 0.25, 2**30)),
    NodeChanged(NodeStatus("node1", loss="node 'node1' was lost: the cable was pulled")),
    DeadlockFound((_WAIT,)),
    DeadlockFound(()),
    StopRequested("SIGTERM", 30.0),
    StopRequested("SIGTERM", 0.0, ("macro", "micro[3]")),
    SnapshotAnnounced("snapshot.ymmsl"),
    SnapshotFailed("the disk is full"),
    SnapshotFailed("the disk is full", "macro"),
    InstanceDeregistered("macro"),
    InstanceExited("macro", Killed(9)),
    RunFinished(succeeded=False, cause="", failed_instances=("macro",)),
]
"""Every kind of event, including some with unusual values."""


class EventSinkContract(ABC):
    """Tests for an event sink."""

    @abstractmethod
    def make(self) -> EventSink:
        """Return a new sink."""

    @abstractmethod
    def close(self, sink: EventSink) -> None:
        """Close a sink, if it has something to close."""

    @pytest.fixture
    def sink(self) -> Iterator[EventSink]:
        sink = self.make()
        yield sink
        self.close(sink)

    def test_every_kind_of_event_is_accepted(self, sink: EventSink) -> None:
        for event in EVENTS:
            sink.notify(event)

    def test_notify_is_thread_safe(self, sink: EventSink) -> None:
        def notify_all() -> None:
            for event in EVENTS:
                sink.notify(event)

        threads = [threading.Thread(target=notify_all) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_closed_sink_accepts_events(self, sink: EventSink) -> None:
        self.close(sink)
        for event in EVENTS:
            sink.notify(event)
