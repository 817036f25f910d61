"""Profile events: what each instance spent time on during a run."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple

from domain.coupling.ports import Operator


class ProfileEventType(IntEnum):
    """Kinds of events; the values are those on the wire and in performance.sqlite."""

    REGISTER = 0
    DEREGISTER = 1
    SEND = 2
    RECEIVE = 3
    CONNECT = 4
    RECEIVE_WAIT = 5
    RECEIVE_TRANSFER = 6
    RECEIVE_DECODE = 7
    DISCONNECT_WAIT = 8
    SHUTDOWN_WAIT = 9
    SHUTDOWN = 10


class DropReason(Enum):
    """Why events are missing in a profile; the values are those in performance.sqlite."""

    INSTANCE_QUEUE = "instance queue"
    MANAGER_QUEUE = "manager queue"
    LIMIT = "limit"


class ProfileEvent(NamedTuple):
    """An operation of an instance. Times are ns since the Unix epoch.

    Attributes:
        event_type: What it did.
        start_time: When it began.
        stop_time: When it ended.
        port_name: Port that was used, if any.
        operator: Operator of that port.
        port_length: Its length, if it is a vector port.
        slot: Slot that was used, if it is a vector port.
        message_number: Number of the message on that port and slot.
        message_size: Size of the encoded message in bytes.
        message_timestamp: Simulation time of the message.
    """

    event_type: ProfileEventType
    start_time: int
    stop_time: int
    port_name: str | None = None
    operator: Operator | None = None
    port_length: int | None = None
    slot: int | None = None
    message_number: int | None = None
    message_size: int | None = None
    message_timestamp: float | None = None
