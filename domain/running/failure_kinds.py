"""What kind of failure an instance has: the cause of a failed run is sought by it."""

from __future__ import annotations

from enum import Enum

from domain.errors import CouplingError, Deadlock, PeerLost, PortClosed


class FailureKind(Enum):
    """Why an instance failed, as far as it can tell by itself. The values go on the wire."""

    OWN = "own"
    """Because of its own code, input or surroundings: it may be the cause of a failed run."""
    LOST_PEER = "lost_peer"
    """Because a peer went away: that peer is to blame."""
    DEADLOCK = "deadlock"
    """Because it and its peers wait for each other in a cycle."""
    STOPPED = "stopped"
    """Because the run was being stopped."""


def kind_of(error: CouplingError) -> FailureKind:
    """Return what kind of failure an error is that a call of the instance library raised."""
    if isinstance(error, PeerLost | PortClosed):
        return FailureKind.LOST_PEER
    if isinstance(error, Deadlock):
        return FailureKind.DEADLOCK
    return FailureKind.OWN
