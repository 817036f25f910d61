"""Checks whether an instance can resume from a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from application.instance.checkpoints.checkpoint_calls import IMPLICIT_FLAGS
from domain.checkpointing.instance_snapshot import Snapshot
from domain.checkpointing.model_differences import port_differences
from domain.coupling.flags import InstanceFlags
from domain.coupling.ports import PortState
from domain.errors import InconsistentSnapshot
from domain.identity import Reference


def check_instance_resume(
    snapshot: Snapshot,
    location: str,
    *,
    instance: Reference,
    ports: Mapping[str, PortState],
    flags: InstanceFlags,
) -> None:
    """Check that an instance can be resumed from a snapshot.

    Args:
        snapshot: The snapshot.
        location: Where it is.
        instance: The instance to be resumed.
        ports: Its current ports.
        flags: The flags that its model currently passes.

    Raises:
        InconsistentSnapshot: If it cannot; the message lists the differences.
    """
    counts = snapshot.communicator.port_message_counts
    problems = [
        *_state_problems(snapshot, flags),
        *port_differences(counts, _connected(ports)),
    ]
    if snapshot.instance not in ("", str(instance)):
        problems = [f"it is a snapshot of '{snapshot.instance}'"]
    if problems:
        msg = (
            f"Instance '{instance}' cannot be resumed from '{location}': {'; '.join(problems)}."
            " Run the model as it was when the snapshot was made, or start from scratch without"
            " resuming."
        )
        raise InconsistentSnapshot(msg)


def _state_problems(snapshot: Snapshot, flags: InstanceFlags) -> Iterator[str]:
    uses_api = InstanceFlags.USES_CHECKPOINT_API in flags
    if snapshot.message is None and (uses_api or not flags & IMPLICIT_FLAGS):
        now = "it passes USES_CHECKPOINT_API" if uses_api else "it passes neither"
        yield (
            "it has no state of the model, which passed KEEPS_NO_STATE_FOR_NEXT_USE or"
            f" STATE_NOT_REQUIRED_FOR_NEXT_USE when it was made, and now {now}"
        )
    if snapshot.message is not None and not uses_api:
        yield (
            "it has a state of the model, which would be lost because the model no longer passes"
            " USES_CHECKPOINT_API"
        )


def _connected(ports: Mapping[str, PortState]) -> dict[str, int | None]:
    return {name: _slots(port) for name, port in ports.items() if port.is_connected}


def _slots(port: PortState) -> int | None:
    if port.is_resizable:
        return None
    return 1 if port.length is None else port.length
