"""The events that a Manager reports to its subscribers, and the types of its status and result.

Example:
    ::

        from conjoin.events import InstanceExited, RunEvent

        def report(event: RunEvent) -> None:
            if isinstance(event, InstanceExited):
                print(event.instance, event.end)

        manager.subscribe(report)
"""

from domain.coupling.messages import LogRecord, Wait
from domain.running.events import (
    DeadlockFound,
    InstanceDeregistered,
    InstanceExited,
    InstanceRegistered,
    InstanceStarted,
    InstanceState,
    InstanceStatus,
    LogRecorded,
    NodeChanged,
    RunEvent,
    RunFinished,
    SnapshotAnnounced,
    SnapshotFailed,
    StatusChanged,
    StopRequested,
)
from domain.running.log_levels import LogLevel
from domain.running.nodes import NodeStatus
from domain.running.process_end import Exited, Killed, NeverStarted, NodeLost, ProcessEnd

__all__ = [
    "DeadlockFound",
    "Exited",
    "InstanceDeregistered",
    "InstanceExited",
    "InstanceRegistered",
    "InstanceStarted",
    "InstanceState",
    "InstanceStatus",
    "Killed",
    "LogLevel",
    "LogRecord",
    "LogRecorded",
    "NeverStarted",
    "NodeChanged",
    "NodeLost",
    "NodeStatus",
    "ProcessEnd",
    "RunEvent",
    "RunFinished",
    "SnapshotAnnounced",
    "SnapshotFailed",
    "StatusChanged",
    "StopRequested",
    "Wait",
]
