"""Whether an instance can go on from a snapshot."""

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
        instance: Who is to be resumed.
        ports: Its ports, as they are now.
        flags: What its model says about itself now.

    Raises:
        InconsistentSnapshot: If not; the text says what is different, and what to do.
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
        now = "says USES_CHECKPOINT_API" if uses_api else "does not say so any more"
        yield (
            "there is no state of the model in it, for it was made of one that said it keeps none"
            " (KEEPS_NO_STATE_FOR_NEXT_USE or STATE_NOT_REQUIRED_FOR_NEXT_USE), and now the model"
            f" {now}"
        )
    if snapshot.message is not None and not uses_api:
        yield (
            "there is a state of the model in it, which would be lost, because the model does not"
            " say USES_CHECKPOINT_API any more"
        )


def _connected(ports: Mapping[str, PortState]) -> dict[str, int | None]:
    return {name: _slots(port) for name, port in ports.items() if port.is_connected}


def _slots(port: PortState) -> int | None:
    if port.is_resizable:
        return None
    return 1 if port.length is None else port.length
