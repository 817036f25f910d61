"""Domain values in the protocol between an instance and the manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.wire.locations import CONJOIN, TCP, has_scheme
from adapters.wire.values import integer, optional, text
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.conduits import Conduit, ConduitFilter
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
from domain.running.profiling import ProfileEvent, ProfileEventType

_OPERATOR_NAMES: Final = {operator: operator.name for operator in Operator}


def encode_operator(operator: Operator) -> str:
    """Return the name of an operator on the wire."""
    return operator.name


def decode_operator(name: object) -> Operator:
    """Return the operator with a name.

    Raises:
        ValueError: If no operator has this name.
    """
    try:
        return Operator[text(name)]
    except KeyError:
        msg = f"unknown operator '{name}'"
        raise ValueError(msg) from None


def encode_port(port: Port) -> list[str]:
    """Return a port in the form in which instances register it."""
    return [port.name, encode_operator(port.operator)]


def decode_port(values: Sequence[object]) -> Port:
    """Return a port; its timeline annotation is empty if the dialect does not send one.

    Raises:
        ValueError: If the values do not describe a port.
    """
    name, operator, *timeline = values
    return Port(text(name), decode_operator(operator), text(timeline[0]) if timeline else "")


def encode_profile_event(event: ProfileEvent) -> list[object]:
    """Return a profile event as a list."""
    # must be fast: each message causes five events
    kind, start, stop, name, operator, *rest = event
    port = None if name is None or operator is None else [name, _OPERATOR_NAMES[operator]]
    return [kind, start, stop, port, *rest]


def decode_profile_event(values: Sequence[Any]) -> ProfileEvent:
    """Return the profile event for a list.

    Raises:
        ValueError: If the values do not describe a profile event.
        TypeError: If one of them has the wrong type.
    """
    kind, start, stop, port, length, slot, number, size, timestamp = values
    name, operator = (None, None) if port is None else (text(port[0]), decode_operator(port[1]))
    return ProfileEvent(
        ProfileEventType(kind),
        int(start),
        int(stop),
        name,
        operator,
        optional(integer, length),
        optional(integer, slot),
        optional(integer, number),
        optional(integer, size),
        None if timestamp is None else float(timestamp),
    )


def encode_checkpoint_info(info: CheckpointInfo) -> list[object]:
    """Return the values of a response with checkpoint information.

    The last value is an extension of ours, and is left out if it is empty.
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
        return {"at": [float(time) for time in rule.at]}
    start = None if rule.start is None else float(rule.start)
    stop = None if rule.stop is None else float(rule.stop)
    return {"start": start, "stop": stop, "every": float(rule.every)}


def decode_checkpoint_rule(values: Mapping[str, Any]) -> CheckpointRule:
    """Return the rule for a map.

    Raises:
        KeyError: If the map does not describe a rule.
    """
    if "at" in values:
        return CheckpointAtRule(tuple(map(float, values["at"])))
    return CheckpointRangeRule(values["every"], values["start"], values["stop"])


def decode_checkpoint_info(values: Sequence[Any]) -> CheckpointInfo:
    """Return the checkpoint information in a response.

    Raises:
        RemoteProtocolError: If the values do not describe one.
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
        msg = f"the manager sent invalid checkpoint information: {error!r}"
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
        KeyError: If a key is missing.
        ValueError: If a value is invalid.
    """
    return SnapshotMetadata(
        tuple(map(text, values["triggers"])),
        float(values["wallclock_time"]),
        float(values["timestamp"]),
        None if values["next_timestamp"] is None else float(values["next_timestamp"]),
        {
            text(port): tuple(map(int, counts))
            for port, counts in values["port_message_counts"].items()
        },
        bool(values["is_final_snapshot"]),
        text(values["snapshot_filename"]),
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


def without_downgrade(info: PeerInfo) -> PeerInfo:
    """Return peers with only those locations that an instance with the run's secret may use.

    A peer that has proved that it knows the secret is never reached by MUSCLE3's protocol, which
    proves nothing; another peer cannot answer our own protocol.
    """
    if info.instance not in info.proven:
        return info
    places = {
        peer: tuple(
            place
            for place in found
            if not has_scheme([place], TCP if peer in info.proven else CONJOIN)
        )
        for peer, found in info.locations.items()
    }
    return info._replace(locations=places)


def decode_peers(instance: Reference, values: Sequence[Any]) -> PeerInfo:
    """Return the peers in a response.

    Raises:
        RemoteProtocolError: If the values do not describe peers.
    """
    try:
        conduits, dimensions, places, ports = values
        return PeerInfo(
            instance,
            tuple(_decode_conduit(conduit) for conduit in conduits),
            {Reference(name): tuple(map(int, shape)) for name, shape in dimensions.items()},
            {Reference(name): tuple(map(text, found)) for name, found in places.items()},
            tuple(map(decode_port, ports)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"the manager sent invalid information about peers: {error!r}"
        raise RemoteProtocolError(msg) from error


def _decode_conduit(values: Sequence[str]) -> Conduit:
    sender, receiver, *filters = values
    names = filters[0].split() if filters else []
    return Conduit(Reference(sender), Reference(receiver), tuple(map(ConduitFilter, names)))


def decode_settings(value: object) -> Settings:
    """Return the settings in a response.

    Raises:
        RemoteProtocolError: If the value is not a map of settings.
    """
    if not isinstance(value, dict):
        msg = "the manager sent settings that are not a map"
        raise RemoteProtocolError(msg)
    try:
        return Settings(value)
    except ValueError as error:
        msg = f"the manager sent settings with an invalid name: {error}"
        raise RemoteProtocolError(msg) from error
