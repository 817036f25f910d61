"""The snapshot files that a run wrote."""

from pathlib import Path
from typing import Any

import msgpack

from adapters.snapshot_files.msgpack_snapshot import MsgPackSnapshot
from adapters.wire.extensions import SETTINGS
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.identity import Reference

State = tuple[bytes, CommunicatorState]


def workflow_snapshots(run_dir: Path) -> list[Path]:
    """Return the workflow snapshots of a run, the oldest first; fail if there are none."""
    found = (run_dir / "snapshots").glob("snapshot_*.ymmsl")
    paths = sorted(found, key=lambda path: (path.name[:24], len(path.name), path.name))
    assert paths, "no workflow snapshot was written"
    return paths


def files_in(workflow_snapshot: Path) -> dict[Reference, Path]:
    """Return the file of each instance that a workflow snapshot names."""
    record = YmmslWorkflowSnapshotFormat().load(workflow_snapshot.read_text())
    return {instance: Path(location) for instance, location in record.resume.items()}


def snapshot_in(file: Path) -> Snapshot:
    """Return the snapshot in a file."""
    return MsgPackSnapshot.decode(file.read_bytes(), name=str(file))


def in_cpp_form(data: bytes) -> bytes:
    """Return a snapshot in the form in which MUSCLE3's C++ and Fortran libraries write it.

    A message without settings has nil for its overlay, the overlay of the instance is an extension
    value, and a snapshot without a state has nil for its message.
    """
    values = _muscle3_values(data)
    overlay = msgpack.packb(values["settings_overlay"])
    values["settings_overlay"] = msgpack.ExtType(SETTINGS, overlay)
    values["message"] = _with_nil_overlay(values["message"]) if values["message"] else None
    return data[:1] + bytes(msgpack.packb(values))


def _muscle3_values(data: bytes) -> dict[str, Any]:
    """Return the values in a snapshot, except those that only Conjoin's snapshots have."""
    values = msgpack.unpackb(data[1:], strict_map_key=False)
    return {key: value for key, value in values.items() if key not in ("conjoin", "checksum")}


def _with_nil_overlay(message: bytes) -> bytes:
    values = msgpack.unpackb(message, strict_map_key=False)
    if values["settings_overlay"] == msgpack.ExtType(SETTINGS, msgpack.packb({})):
        values["settings_overlay"] = None
    return bytes(msgpack.packb(values))


def make_foreign(file: Path) -> None:
    """Turn a snapshot into one of a later MUSCLE3, with a key unknown to us."""
    values = _muscle3_values(file.read_bytes())
    file.write_bytes(b"2" + bytes(msgpack.packb({**values, "new_in_0_12": True})))


def state_in(file: Path) -> State:
    """Return the contents that Conjoin's and MUSCLE3's snapshots share, to compare them exactly.

    This omits the time and trigger, and the order in which ports received messages.
    """
    snapshot = snapshot_in(file)
    bare = snapshot._replace(
        triggers=(), wallclock_time=0.0, instance="", communicator=CommunicatorState({})
    )
    counts, timeline, messages, *_ = snapshot.communicator
    messages = sorted(messages, key=lambda item: (item.port, str(item.slot)))
    return MsgPackSnapshot.encode(bare), CommunicatorState(counts, timeline, tuple(messages))


def check_resumed(run_dir: Path, workflow_snapshot: Path) -> None:
    """Check that all instances resumed: each stores the snapshot that it resumed from again."""
    for instance, path in files_in(workflow_snapshot).items():
        (first,) = (run_dir / "instances" / str(instance) / "snapshots").glob("*_1.pack")
        check_same_state(state_in(first), state_in(path))


def check_ends_alike(run_dir: Path, other: Path) -> None:
    """Check that the last snapshots of two runs are equal."""
    files, others = (files_in(workflow_snapshots(path)[-1]) for path in (run_dir, other))
    assert files.keys() == others.keys()
    for instance, file in files.items():
        check_same_state(state_in(file), state_in(others[instance]))


def check_same_state(state: State, other: State) -> None:
    """Check that two states are equal, apart from data of received messages.

    Only MUSCLE3 saves the data of messages that the model has already received.
    """
    assert without_received_data(state, other) == without_received_data(other, state)


def without_received_data(state: State, other: State) -> State:
    """Remove the data of messages that have none in the other state."""
    encoded, communicator = state
    taken = {(item.port, item.slot) for item in other[1].message_cache if item.message.data is None}
    messages = tuple(
        item._replace(message=item.message.with_data(None))
        if (item.port, item.slot) in taken
        else item
        for item in communicator.message_cache
    )
    return encoded, communicator._replace(message_cache=messages)
