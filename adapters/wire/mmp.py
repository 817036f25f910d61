"""The protocol between an instance and the manager: the table of its requests.

Codes from 64 are extensions of ours, only for managers that know the run's secret.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from adapters.wire.mmp_values import (
    decode_checkpoint_info,
    decode_port,
    decode_profile_event,
    decode_settings,
    decode_snapshot_metadata,
    encode_checkpoint_info,
    encode_peers,
    encode_port,
    encode_profile_event,
    encode_snapshot_metadata,
    without_downgrade,
)
from adapters.wire.requests import (
    NOTHING,
    Answer,
    Field,
    ReceivedRequest,
    RequestTable,
    Status,
)
from adapters.wire.values import integer, name, optional, printable, text
from application.interfaces.manager_desk import ManagerDesk, Registration
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.messages import Awaited, LogRecord, Wait, WaitKey
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import Port
from domain.coupling.settings import Settings
from domain.errors import CouplingError
from domain.model.checkpoint_rules import CheckpointInfo
from domain.running.clients import Trust
from domain.running.deadlock_suspicions import DeadlockAnswer
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent

DIALECT_OF_MUSCLE3: Final = "0.11.0"
"""The version that our instances report to MUSCLE3's manager, which requires its own."""

REQUESTS: Final[RequestTable[ManagerDesk]] = RequestTable("an instance")


def _decode_wait(instance: object, peer: object, port: object, slot: object) -> Wait:
    return Wait(name(instance), name(peer), name(port), optional(integer, slot))


def _decode_wait_key(instance: object, port: object, slot: object) -> WaitKey:
    return text(instance), text(port), optional(integer, slot)


def _decode_deadlock_answer(is_deadlock: object, suspicion: object) -> DeadlockAnswer:
    return DeadlockAnswer(bool(is_deadlock), integer(suspicion))


def _encode_log_record(record: LogRecord) -> list[object]:
    return [record.instance, record.time, record.level, printable(record.text)]


def _decode_log_record(instance: object, time: Any, level: Any, message: object) -> LogRecord:  # noqa: ANN401 - checked here
    return LogRecord(name(instance), float(time), int(level), text(message))


def _decode_awaited(values: Any) -> Awaited | None:  # noqa: ANN401 - checked here
    if values is None:
        return None
    peer, port, slot, *is_sending = values
    awaited = name(peer), name(port), optional(integer, slot)
    return (*awaited, True) if is_sending == [True] else awaited


TEXT: Final[Field[str]] = Field(lambda value: [value], name)
MESSAGE: Final[Field[str]] = Field(lambda value: [printable(value)], text)
LOCATIONS: Final[Field[Sequence[str]]] = Field(
    lambda values: [list(values)], lambda values: tuple(map(text, values))
)
PORTS: Final[Field[Sequence[Port]]] = Field(
    lambda ports: [[encode_port(port) for port in ports]],
    lambda ports: tuple(map(decode_port, ports)),
)
LIBRARY_VERSION: Final[Field[str]] = Field(
    lambda version: [version], lambda *version: text(*version) if version else ""
)
"""The version of the instance's library; old versions omit it."""
LOG_RECORD: Final[Field[LogRecord]] = Field(_encode_log_record, _decode_log_record, width=4)
EVENTS: Final[Field[Sequence[ProfileEvent]]] = Field(
    lambda events: [[encode_profile_event(event) for event in events]],
    lambda events: tuple(map(decode_profile_event, events)),
)
DROPPED: Final[Field[int]] = Field(
    lambda count: [count] if count else [], lambda count=0: integer(count)
)
"""How many events an instance of ours has dropped; absent for none, as in MUSCLE3's protocol."""

_PROFILE_REQUESTS: Final = (b"\x93\x06", b"\x94\x06")
"""How MessagePack begins a list of three or four values, the first of which is 6."""

METADATA: Final[Field[SnapshotMetadata]] = Field(
    lambda metadata: [encode_snapshot_metadata(metadata)], decode_snapshot_metadata
)
WAIT: Final[Field[Wait]] = Field(lambda wait: wait[:4], _decode_wait, width=4)
SENDING_WAIT: Final[Field[Wait]] = Field(
    lambda wait: wait[:4], lambda *values: _decode_wait(*values)._replace(is_sending=True), width=4
)
WAIT_KEY: Final[Field[WaitKey]] = Field(list, _decode_wait_key, width=3)
NUMBER: Final[Field[int]] = Field(lambda value: [value], integer)
TIME: Final[Field[float | None]] = Field(
    lambda time: [time], lambda time: None if time is None else float(time)
)
AWAITED: Final[Field[Awaited | None]] = Field(lambda awaited: [awaited], _decode_awaited)

FAILURE_KIND: Final[Field[FailureKind | None]] = Field(
    lambda kind: [] if kind is None else [kind.value],
    lambda *kind: FailureKind(*kind) if kind else None,
)


def instance_of(request: ReceivedRequest[ManagerDesk]) -> str | None:
    """Return the instance in whose name a request is made; None if there is none."""
    match request.arguments:
        case [str(instance), *_] | [Wait(instance=instance) | LogRecord(instance=instance)]:
            return instance
        case [(str(instance), _, _), *_]:  # a WaitKey
            return instance
    return None


def _one(values: list[Any]) -> Any:  # noqa: ANN401 - the caller checks its type
    (value,) = values
    return value


def _encode_registration(registration: Registration) -> list[object]:
    timeline = [] if registration.is_dialect_0_10 else [registration.timeline]
    trust = [] if registration.trust is None else [registration.trust.value]
    return [Status.SUCCESS, *timeline, *trust]


def _decode_registration(values: list[Any]) -> tuple[str | None, Trust | None]:
    timeline, *rest = values or [None]
    return optional(text, timeline), Trust(rest[0]) if rest else None


PEERS: Final[Answer[tuple[PeerInfo, bool], list[Any]]] = Answer(
    lambda found: [Status.SUCCESS, *encode_peers(found[0], dialect_0_10=found[1])],
    lambda values: values,
)
"""The client decodes the values with `decode_peers`, which needs the name of its instance."""

OWN_PEERS: Final[Answer[tuple[PeerInfo, bool], list[Any]]] = Answer(
    lambda found: [
        Status.SUCCESS,
        *encode_peers(without_downgrade(found[0]), dialect_0_10=found[1]),
    ],
    lambda values: values,
)
"""The same, with only those locations of each peer that an instance with the secret may use."""

REGISTRATION: Final[Answer[Registration, tuple[str | None, Trust | None]]] = Answer(
    _encode_registration, _decode_registration
)
"""The timeline of the instance; our own instances also get which clients they are to serve."""

SETTINGS: Final[Answer[Settings, Settings]] = Answer(
    lambda settings: [Status.SUCCESS, settings.as_dict()],
    lambda values: decode_settings(_one(values)),
)
CHECKPOINT_INFO: Final[Answer[CheckpointInfo, CheckpointInfo]] = Answer(
    lambda info: [Status.SUCCESS, *encode_checkpoint_info(info)], decode_checkpoint_info
)
IS_TRUE: Final[Answer[bool, bool]] = Answer(
    lambda value: [Status.SUCCESS, value], lambda values: bool(_one(values))
)
DEADLOCK_ANSWER: Final[Answer[DeadlockAnswer, DeadlockAnswer]] = Answer(
    lambda answer: [Status.SUCCESS, *answer], lambda values: _decode_deadlock_answer(*values)
)
REASON: Final[Answer[str, str]] = Answer(
    lambda reason: [Status.SUCCESS, reason], lambda values: text(_one(values))
)


@REQUESTS.immediate(1, TEXT, LOCATIONS, PORTS, LIBRARY_VERSION, answer=REGISTRATION)
def register_instance(
    desk: ManagerDesk, instance: str, locations: Sequence[str], ports: Sequence[Port], version: str
) -> Registration:
    """Register an instance."""
    return desk.register_instance(instance, locations, ports, version)


@REQUESTS.immediate(2, TEXT, answer=PEERS)
def get_peers(desk: ManagerDesk, instance: str) -> tuple[PeerInfo, bool]:
    """Request the peers of an instance; the status is PENDING until all have registered."""
    return desk.get_peers(instance), desk.is_dialect_0_10(instance)


@REQUESTS.immediate(3, TEXT, answer=NOTHING)
def deregister_instance(desk: ManagerDesk, instance: str) -> None:
    """Deregister an instance that is done."""
    desk.deregister_instance(instance)


@REQUESTS.immediate(4, answer=SETTINGS)
def get_settings(desk: ManagerDesk) -> Settings:
    """Request the base settings."""
    return desk.get_settings()


@REQUESTS.immediate(5, LOG_RECORD, answer=NOTHING)
def submit_log_message(desk: ManagerDesk, record: LogRecord) -> None:
    """Add to the log of the run."""
    desk.submit_log_message(record)


@REQUESTS.immediate(6, TEXT, EVENTS, DROPPED, answer=NOTHING)
def submit_profile_events(
    desk: ManagerDesk, instance: str, events: Sequence[ProfileEvent], dropped: int
) -> None:
    """Add to the profile of the run."""
    desk.submit_profile_events(instance, events, dropped=dropped)


def is_background_request(request: bytes | memoryview) -> bool:
    """Return whether a request can wait until others have been executed: it has profile events."""
    return bytes(request[:2]) in _PROFILE_REQUESTS


@REQUESTS.immediate(7, TEXT, METADATA, answer=NOTHING)
def submit_snapshot(desk: ManagerDesk, instance: str, metadata: SnapshotMetadata) -> None:
    """Report a snapshot that an instance has stored."""
    desk.submit_snapshot(instance, metadata)


@REQUESTS.deferred(8, TEXT, answer=CHECKPOINT_INFO)
def get_checkpoint_info(
    desk: ManagerDesk, instance: str, respond: Callable[[CheckpointInfo | CouplingError], None]
) -> None:
    """Request when to make snapshots, and which one to resume from."""
    desk.await_checkpoint_info(instance, respond)


@REQUESTS.immediate(9, WAIT, answer=NOTHING)
def waiting_for_receive(desk: ManagerDesk, wait: Wait) -> None:
    """Report that an instance has waited for a message for longer than its timeout."""
    desk.waiting_for_receive(wait)


@REQUESTS.immediate(10, WAIT, answer=NOTHING)
def waiting_for_receive_done(desk: ManagerDesk, wait: Wait) -> None:
    """Report that the message has arrived."""
    desk.waiting_for_receive_done(wait)


@REQUESTS.immediate(11, TEXT, answer=IS_TRUE)
def is_deadlocked(desk: ManagerDesk, instance: str) -> bool:
    """Query whether an instance is part of a deadlock."""
    return desk.is_deadlocked(instance)


@REQUESTS.deferred(64, TEXT, answer=OWN_PEERS, own_only=True)
def await_peers(
    desk: ManagerDesk, instance: str, respond: Callable[[tuple[PeerInfo, bool]], None]
) -> None:
    """Request the peers of an instance; the answer comes when all have registered."""
    desk.await_peers(instance, lambda peers: respond((peers, desk.is_dialect_0_10(instance))))


@REQUESTS.immediate(65, TEXT, TIME, AWAITED, answer=NOTHING, own_only=True)
def report_status(
    desk: ManagerDesk,
    instance: str,
    simulated_time: float | None,
    awaited: Awaited | None,
) -> None:
    """Report an instance's simulated time, and the peer, port and slot that it waits for."""
    waiting = None if awaited is None else Wait(instance, *awaited)
    desk.report_status(instance, simulated_time, waiting)


@REQUESTS.deferred(66, TEXT, answer=REASON, own_only=True)
def await_checkpoint_request(
    desk: ManagerDesk, instance: str, respond: Callable[[str], None]
) -> None:
    """Wait until the manager wants a snapshot; the answer is the reason."""
    desk.await_checkpoint_request(instance, respond)


@REQUESTS.immediate(67, TEXT, MESSAGE, answer=NOTHING, own_only=True)
def report_snapshot_failed(desk: ManagerDesk, instance: str, problem: str) -> None:
    """Report that a snapshot could not be stored."""
    desk.report_snapshot_failed(instance, problem)


@REQUESTS.immediate(68, TEXT, MESSAGE, FAILURE_KIND, answer=NOTHING, own_only=True)
def report_failed(desk: ManagerDesk, instance: str, problem: str, kind: FailureKind | None) -> None:
    """Report that an instance has failed, and is about to leave."""
    desk.report_failed(instance, problem, kind=kind)


@REQUESTS.immediate(69, SENDING_WAIT, answer=NOTHING, own_only=True)
def waiting_to_send(desk: ManagerDesk, wait: Wait) -> None:
    """Report that an instance has waited to send a message for longer than its timeout."""
    desk.waiting_to_send(wait)


@REQUESTS.immediate(70, SENDING_WAIT, answer=NOTHING, own_only=True)
def waiting_to_send_done(desk: ManagerDesk, wait: Wait) -> None:
    """Report that this message can be sent."""
    desk.waiting_to_send_done(wait)


@REQUESTS.immediate(72, WAIT_KEY, NUMBER, answer=DEADLOCK_ANSWER, own_only=True)
def check_deadlock(desk: ManagerDesk, key: WaitKey, confirms: int) -> DeadlockAnswer:
    """Query whether an instance is part of a deadlock, and confirm an earlier suspicion."""
    return desk.check_deadlock(key, confirms=confirms)
