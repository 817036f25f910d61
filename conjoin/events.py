"""What a Manager reports to its subscribers, and what `status()` and `wait()` return.

Example:
    ::

        from conjoin.events import InstanceExited, RunEvent

        def report(event: RunEvent) -> None:
            if isinstance(event, InstanceExited):
                print(event.instance, "exited with code", event.exit_code)

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
    RunEvent,
    RunFinished,
    SnapshotAnnounced,
    SnapshotFailed,
    StatusChanged,
    StopRequested,
)

__all__ = [
    "DeadlockFound",
    "InstanceDeregistered",
    "InstanceExited",
    "InstanceRegistered",
    "InstanceStarted",
    "InstanceState",
    "InstanceStatus",
    "LogRecord",
    "LogRecorded",
    "RunEvent",
    "RunFinished",
    "SnapshotAnnounced",
    "SnapshotFailed",
    "StatusChanged",
    "StopRequested",
    "Wait",
]
