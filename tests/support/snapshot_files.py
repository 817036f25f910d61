"""The snapshots that a run wrote."""

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
    """Those of a run, the oldest first; fails if there are none."""
    found = (run_dir / "snapshots").glob("snapshot_*.ymmsl")
    paths = sorted(found, key=lambda path: (path.name[:24], len(path.name), path.name))
    assert paths, "no workflow snapshot was written"
    return paths


def files_in(workflow_snapshot: Path) -> dict[Reference, Path]:
    """The files that a workflow snapshot names, per instance."""
    _, resume = YmmslWorkflowSnapshotFormat().load(workflow_snapshot.read_text())
    return {instance: Path(location) for instance, location in resume.items()}


def snapshot_in(file: Path) -> Snapshot:
    """What is in one of these."""
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
    """Return the values in a snapshot, except those that only ours have."""
    values = msgpack.unpackb(data[1:], strict_map_key=False)
    return {key: value for key, value in values.items() if key not in ("conjoin", "checksum")}


def _with_nil_overlay(message: bytes) -> bytes:
    values = msgpack.unpackb(message, strict_map_key=False)
    if values["settings_overlay"] == msgpack.ExtType(SETTINGS, msgpack.packb({})):
        values["settings_overlay"] = None
    return bytes(msgpack.packb(values))


def make_foreign(file: Path) -> None:
    """Turn a snapshot into one of a later MUSCLE3, with a key that we do not know."""
    values = _muscle3_values(file.read_bytes())
    file.write_bytes(b"2" + bytes(msgpack.packb({**values, "new_in_0_12": True})))


def state_in(file: Path) -> State:
    """What snapshots of ours and MUSCLE3's say of a state, to compare with others to the last bit.

    When and why it was made is left out, and in which order ports received their messages.
    """
    snapshot = snapshot_in(file)
    bare = snapshot._replace(
        triggers=(), wallclock_time=0.0, instance="", communicator=CommunicatorState({})
    )
    counts, timeline, messages, *_ = snapshot.communicator
    messages = sorted(messages, key=lambda item: (item.port, str(item.slot)))
    return MsgPackSnapshot.encode(bare), CommunicatorState(counts, timeline, tuple(messages))


def check_resumed(run_dir: Path, workflow_snapshot: Path) -> None:
    """Check that all instances resumed: they store again what they resumed from."""
    for instance, path in files_in(workflow_snapshot).items():
        (first,) = (run_dir / "instances" / str(instance) / "snapshots").glob("*_1.pack")
        check_same_state(state_in(first), state_in(path))


def check_ends_alike(run_dir: Path, other: Path) -> None:
    """Check that the last snapshots of two runs hold the same."""
    files, others = (files_in(workflow_snapshots(path)[-1]) for path in (run_dir, other))
    assert files.keys() == others.keys()
    for instance, file in files.items():
        check_same_state(state_in(file), state_in(others[instance]))


def check_same_state(state: State, other: State) -> None:
    """Check that two are the same, but for data that MUSCLE3 keeps, and we leave out.

    That is the data of messages that the model has taken already.
    """
    assert without_what_was_taken(state, other) == without_what_was_taken(other, state)


def without_what_was_taken(state: State, other: State) -> State:
    """Leave out the data of the messages that have none in the other."""
    encoded, communicator = state
    taken = {(item.port, item.slot) for item in other[1].message_cache if item.message.data is None}
    messages = tuple(
        item._replace(message=item.message.with_data(None))
        if (item.port, item.slot) in taken
        else item
        for item in communicator.message_cache
    )
    return encoded, communicator._replace(message_cache=messages)
