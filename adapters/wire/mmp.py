"""The protocol between an instance and the manager: requests, responses and the values in them.

Requests are named tuples, one class per type (dataclasses take eight times as long to make, and
models wait for this to be imported); REQUESTS is the table that both sides share. Types
from 64 on are ours, and are sent only to a manager that knows the run's secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple, TypeAlias

from adapters.wire.packing import brief, pack, unpack
from adapters.wire.requests import parse_request
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.messages import LogRecord, Wait
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import Operator, Port
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError
from domain.identity import Reference
from domain.model.checkpoint_rules import (
    CheckpointAtRule,
    CheckpointInfo,
    CheckpointRangeRule,
    CheckpointRule,
    Checkpoints,
)
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent, ProfileEventType

DIALECT_OF_MUSCLE3: Final = "0.11.0"
"""What our instances call themselves to MUSCLE3's manager, which wants its own version."""


class Status(IntEnum):
    """How a request went."""

    SUCCESS = 0
    ERROR = 1
    PENDING = 2


class RegisterInstance(NamedTuple):
    """Make an instance known."""

    instance: str
    locations: tuple[str, ...]
    ports: tuple[Port, ...]
    version: str

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        ports = [encode_port(port) for port in self.ports]
        return [self.instance, list(self.locations), ports, self.version]

    @classmethod
    def parse(cls, arguments: list[Any]) -> RegisterInstance:
        """Return the request for what follows the type on the wire."""
        instance, locations, ports, version = arguments
        return cls(
            _text(instance),
            tuple(map(_text, locations)),
            tuple(decode_port(port) for port in ports),
            _text(version),
        )


class _AboutInstance(NamedTuple):
    """A request that has nothing but the instance's name."""

    instance: str

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        return [self.instance]

    @classmethod
    def parse(cls, arguments: list[Any]) -> Any:  # noqa: ANN401 - Self needs Python 3.11
        """Return the request for what follows the type on the wire."""
        (instance,) = arguments
        return cls(_text(instance))


class GetPeers(_AboutInstance):
    """Ask for peers; pending until all have registered."""

    __slots__ = ()


class DeregisterInstance(_AboutInstance):
    """Say that an instance is done."""

    __slots__ = ()


class GetSettings(NamedTuple):
    """Ask for the base settings."""

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        return []

    @classmethod
    def parse(cls, arguments: list[Any]) -> GetSettings:
        """Return the request for what follows the type on the wire."""
        () = arguments
        return cls()


class SubmitLogMessage(NamedTuple):
    """Add to the log of the run."""

    record: LogRecord

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        record = self.record
        return [record.instance, record.time, record.level, _legible(record.text)]

    @classmethod
    def parse(cls, arguments: list[Any]) -> SubmitLogMessage:
        """Return the request for what follows the type on the wire."""
        instance, time, level, text = arguments
        return cls(LogRecord(_text(instance), float(time), int(level), _text(text)))


class SubmitProfileEvents(NamedTuple):
    """Add to the profile of the run."""

    instance: str
    events: tuple[ProfileEvent, ...]

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        return [self.instance, [encode_profile_event(event) for event in self.events]]

    @classmethod
    def parse(cls, arguments: list[Any]) -> SubmitProfileEvents:
        """Return the request for what follows the type on the wire."""
        instance, events = arguments
        return cls(_text(instance), tuple(decode_profile_event(event) for event in events))


class SubmitSnapshot(NamedTuple):
    """Make a snapshot known."""

    instance: str
    metadata: SnapshotMetadata

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        return [self.instance, encode_snapshot_metadata(self.metadata)]

    @classmethod
    def parse(cls, arguments: list[Any]) -> SubmitSnapshot:
        """Return the request for what follows the type on the wire."""
        instance, metadata = arguments
        return cls(_text(instance), decode_snapshot_metadata(metadata))


class GetCheckpointInfo(_AboutInstance):
    """Ask when to make snapshots, and which to resume from."""

    __slots__ = ()


class _AboutWait(NamedTuple):
    """A request about a wait for a message."""

    wait: Wait

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        return [self.wait.instance, self.wait.peer, self.wait.port, self.wait.slot]

    @classmethod
    def parse(cls, arguments: list[Any]) -> Any:  # noqa: ANN401 - Self needs Python 3.11
        """Return the request for what follows the type on the wire."""
        return cls(_wait(arguments))


class WaitingForReceive(_AboutWait):
    """Say that an instance waits for a message."""

    __slots__ = ()


class WaitingForReceiveDone(_AboutWait):
    """Say that the message has come."""

    __slots__ = ()


class IsDeadlocked(_AboutInstance):
    """Ask whether an instance is part of a deadlock."""

    __slots__ = ()


class AwaitPeers(_AboutInstance):
    """Ask for peers; answered when all have registered (ours)."""

    __slots__ = ()


class ReportStatus(NamedTuple):
    """Say how far an instance is, and for what it waits (ours)."""

    instance: str
    simulated_time: float | None
    waiting: Wait | None

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        wait = self.waiting
        waiting = None if wait is None else [wait.peer, wait.port, wait.slot]
        return [self.instance, self.simulated_time, waiting]

    @classmethod
    def parse(cls, arguments: list[Any]) -> ReportStatus:
        """Return the request for what follows the type on the wire."""
        instance, simulated_time, waiting = arguments
        wait = None if waiting is None else _wait([instance, *waiting])
        time = None if simulated_time is None else float(simulated_time)
        return cls(_text(instance), time, wait)


class AwaitCheckpointRequest(_AboutInstance):
    """Answered with a reason when the manager wants a snapshot of an instance (ours)."""

    __slots__ = ()


class ReportSnapshotFailed(NamedTuple):
    """Say that a snapshot could not be stored (ours)."""

    instance: str
    problem: str

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        return [self.instance, _legible(self.problem)]

    @classmethod
    def parse(cls, arguments: list[Any]) -> ReportSnapshotFailed:
        """Return the request for what follows the type on the wire."""
        instance, problem = arguments
        return cls(_text(instance), _text(problem))


class ReportFailed(NamedTuple):
    """Say that an instance has failed, and is about to leave (ours).

    Attributes:
        instance: Its name.
        problem: Why, for the user.
        kind: What kind of failure it is; None from versions that do not report it.
    """

    instance: str
    problem: str
    kind: FailureKind | None = None

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        kind = [] if self.kind is None else [self.kind.value]
        return [self.instance, _legible(self.problem), *kind]

    @classmethod
    def parse(cls, arguments: list[Any]) -> ReportFailed:
        """Return the request for what follows the type on the wire."""
        instance, problem, *kind = arguments
        return cls(_text(instance), _text(problem), *map(FailureKind, kind))


Request: TypeAlias = (
    RegisterInstance
    | GetPeers
    | DeregisterInstance
    | GetSettings
    | SubmitLogMessage
    | SubmitProfileEvents
    | SubmitSnapshot
    | GetCheckpointInfo
    | WaitingForReceive
    | WaitingForReceiveDone
    | IsDeadlocked
    | AwaitPeers
    | ReportStatus
    | AwaitCheckpointRequest
    | ReportSnapshotFailed
    | ReportFailed
)

REQUESTS: Final[Mapping[int, type[Request]]] = {
    1: RegisterInstance,
    2: GetPeers,
    3: DeregisterInstance,
    4: GetSettings,
    5: SubmitLogMessage,
    6: SubmitProfileEvents,
    7: SubmitSnapshot,
    8: GetCheckpointInfo,
    9: WaitingForReceive,
    10: WaitingForReceiveDone,
    11: IsDeadlocked,
    64: AwaitPeers,
    65: ReportStatus,
    66: AwaitCheckpointRequest,
    67: ReportSnapshotFailed,
    68: ReportFailed,
}
_CODES: Final = {kind: code for code, kind in REQUESTS.items()}
_PARSERS: Final[Mapping[int, Callable[[list[Any]], Request]]] = {
    code: kind.parse for code, kind in REQUESTS.items()
}


def _legible(text: str) -> str:
    # the names of files may have bytes in them that are no text, and errors quote these
    return text.encode(errors="backslashreplace").decode()


def encode_request(request: Request) -> bytes:
    """Return the bytes of a request."""
    return pack([_CODES[type(request)], *request.arguments()])


def decode_request(data: bytes) -> Request:
    """Return the request that the bytes stand for.

    Raises:
        RemoteProtocolError: If they stand for none; the text says why.
    """
    return parse_request(data, _PARSERS, sender="an instance")


def encode_success(*values: object) -> bytes:
    """Return the response to a request that succeeded."""
    return pack([Status.SUCCESS, *values])


def encode_error(text: str) -> bytes:
    """Return the response to a request that failed."""
    return pack([Status.ERROR, text])


def encode_pending(text: str) -> bytes:
    """Return the response to a request that is to be made again later."""
    return pack([Status.PENDING, text])


def decode_response(data: bytes | memoryview) -> tuple[Status, list[Any]]:
    """Return how a request went, and the values that came back.

    Raises:
        RemoteProtocolError: If the response makes no sense.
    """
    values = unpack(data)
    try:
        return Status(values[0]), values[1:]
    except (TypeError, ValueError, IndexError, KeyError) as error:
        msg = f"the manager sent a response that makes no sense: {brief(values)}"
        raise RemoteProtocolError(msg) from error


_OPERATOR_NAMES: Final = {operator: operator.name for operator in Operator}


def encode_operator(operator: Operator) -> str:
    """Return the name by which an operator goes on the wire."""
    return operator.name


def decode_operator(name: object) -> Operator:
    """Return the operator with a name.

    Raises:
        ValueError: If there is none.
    """
    try:
        return Operator[_text(name)]
    except KeyError:
        msg = f"there is no operator '{name}'"
        raise ValueError(msg) from None


def encode_port(port: Port) -> list[str]:
    """Return a port as it is registered."""
    return [port.name, encode_operator(port.operator)]


def decode_port(values: Sequence[object]) -> Port:
    """Return a port; its annotation is empty where the dialect has none.

    Raises:
        ValueError: If it is none.
    """
    name, operator, *timeline = values
    return Port(_text(name), decode_operator(operator), _text(timeline[0]) if timeline else "")


def encode_profile_event(event: ProfileEvent) -> list[object]:
    """Return a profile event as a list."""
    # there are five for each message that is sent and received, so this is to be quick
    kind, start, stop, name, operator, *rest = event
    port = None if name is None or operator is None else [name, _OPERATOR_NAMES[operator]]
    return [kind, start, stop, port, *rest]


def decode_profile_event(values: Sequence[Any]) -> ProfileEvent:
    """Return the profile event for a list.

    Raises:
        ValueError: If it is none.
        TypeError: If some part of it is of the wrong type.
    """
    kind, start, stop, port, length, slot, number, size, timestamp = values
    name, operator = (None, None) if port is None else (_text(port[0]), decode_operator(port[1]))
    return ProfileEvent(
        ProfileEventType(kind),
        int(start),
        int(stop),
        name,
        operator,
        _optional_integer(length),
        _optional_integer(slot),
        _optional_integer(number),
        _optional_integer(size),
        None if timestamp is None else float(timestamp),
    )


def encode_checkpoint_info(info: CheckpointInfo) -> list[object]:
    """Return the values of a response with checkpoint information.

    The last one is ours, and is only there if there is something in it.
    """
    checkpoints = {
        "at_end": info.checkpoints.at_end,
        "wallclock_time": [_encode_rule(rule) for rule in info.checkpoints.wallclock_time],
        "simulation_time": [_encode_rule(rule) for rule in info.checkpoints.simulation_time],
    }
    values = [info.elapsed, checkpoints, info.resume_from, info.snapshot_directory]
    if info.on_request or info.must_store:
        values.append({"on_request": info.on_request, "must_store": info.must_store})
    return values


def _encode_rule(rule: CheckpointRule) -> dict[str, object]:
    if isinstance(rule, CheckpointAtRule):
        return {"at": [float(moment) for moment in rule.at]}
    start = None if rule.start is None else float(rule.start)
    stop = None if rule.stop is None else float(rule.stop)
    return {"start": start, "stop": stop, "every": float(rule.every)}


def decode_checkpoint_rule(values: Mapping[str, Any]) -> CheckpointRule:
    """Return the rule for a map.

    Raises:
        KeyError: If it is none.
    """
    if "at" in values:
        return CheckpointAtRule(tuple(map(float, values["at"])))
    return CheckpointRangeRule(values["every"], values["start"], values["stop"])


def decode_checkpoint_info(values: Sequence[Any]) -> CheckpointInfo:
    """Return the checkpoint information in a response.

    Raises:
        RemoteProtocolError: If there is none in it.
    """
    try:
        elapsed, checkpoints, resume, directory, *rest = values
        own: Mapping[str, Any] = rest.pop() if rest else {}
        () = rest
        return CheckpointInfo(
            float(elapsed),
            Checkpoints(
                bool(checkpoints["at_end"]),
                tuple(map(decode_checkpoint_rule, checkpoints["wallclock_time"])),
                tuple(map(decode_checkpoint_rule, checkpoints["simulation_time"])),
            ),
            resume,
            directory,
            on_request=bool(own.get("on_request")),
            must_store=bool(own.get("must_store")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"the manager sent checkpoints that make no sense: {error!r}"
        raise RemoteProtocolError(msg) from error


def encode_snapshot_metadata(metadata: SnapshotMetadata) -> dict[str, object]:
    """Return a snapshot's metadata as a map."""
    return {
        "triggers": list(metadata.triggers),
        "wallclock_time": metadata.wallclock_time,
        "timestamp": metadata.timestamp,
        "next_timestamp": metadata.next_timestamp,
        "port_message_counts": {
            port: list(counts) for port, counts in metadata.port_message_counts.items()
        },
        "is_final_snapshot": metadata.is_final_snapshot,
        "snapshot_filename": metadata.snapshot_filename,
    }


def decode_snapshot_metadata(values: Mapping[str, Any]) -> SnapshotMetadata:
    """Return the metadata for a map.

    Raises:
        KeyError: If something is missing.
        ValueError: If something is wrong.
    """
    return SnapshotMetadata(
        tuple(map(_text, values["triggers"])),
        float(values["wallclock_time"]),
        float(values["timestamp"]),
        None if values["next_timestamp"] is None else float(values["next_timestamp"]),
        {
            _text(port): tuple(map(int, counts))
            for port, counts in values["port_message_counts"].items()
        },
        bool(values["is_final_snapshot"]),
        _text(values["snapshot_filename"]),
    )


def encode_peers(info: PeerInfo, *, dialect_0_10: bool = False) -> list[object]:
    """Return the values of a response with peers."""
    conduits: list[list[str]] = []
    for conduit in info.conduits:
        filters = " ".join(item.value for item in conduit.filters)
        ends = [str(conduit.sender), str(conduit.receiver)]
        conduits.append(ends if dialect_0_10 else [*ends, filters])
    return [
        conduits,
        {str(component): list(shape) for component, shape in info.dimensions.items()},
        {str(instance): list(places) for instance, places in info.locations.items()},
        [
            encode_port(port) if dialect_0_10 else [*encode_port(port), port.timeline]
            for port in info.ports
        ],
    ]


def decode_peers(instance: Reference, values: Sequence[Any]) -> PeerInfo:
    """Return the peers in a response.

    Raises:
        RemoteProtocolError: If there are none in it.
    """
    try:
        conduits, dimensions, places, ports = values
        return PeerInfo(
            instance,
            tuple(_decode_conduit(conduit) for conduit in conduits),
            {Reference(name): tuple(map(int, shape)) for name, shape in dimensions.items()},
            {Reference(name): tuple(map(_text, found)) for name, found in places.items()},
            tuple(map(decode_port, ports)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"the manager sent peers that make no sense: {error!r}"
        raise RemoteProtocolError(msg) from error


def _decode_conduit(values: Sequence[str]) -> Conduit:
    sender, receiver, *filters = values
    names = filters[0].split() if filters else []
    return Conduit(Reference(sender), Reference(receiver), tuple(map(ConduitFilter, names)))


def decode_settings(value: object) -> Settings:
    """Return the settings in a response.

    Raises:
        RemoteProtocolError: If there are none in it.
    """
    if not isinstance(value, dict):
        msg = "the manager sent settings that are no map"
        raise RemoteProtocolError(msg)
    try:
        return Settings(value)
    except ValueError as error:
        msg = f"the manager sent settings with an invalid name: {error}"
        raise RemoteProtocolError(msg) from error


def _wait(arguments: list[Any]) -> Wait:
    instance, peer, port, slot = arguments
    return Wait(_text(instance), _text(peer), _text(port), _optional_integer(slot))


def _optional_integer(value: object) -> int | None:
    if value is None or isinstance(value, int):
        return value
    msg = f"expected a whole number or nothing, got {brief(value)}"
    raise TypeError(msg)


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"expected a text, got {brief(value)}"
        raise TypeError(msg)
    return value
