"""Kinds of failures of instances, which are used to find the cause of a failed run."""

from __future__ import annotations

from enum import Enum

from domain.errors import CouplingError, Deadlock, PeerFinished, PeerLost, PortClosed


class FailureKind(Enum):
    """The reason for a failure, as reported by the instance. The values go on the wire."""

    OWN = "own"
    """Because of its own code, input or environment: it may be the cause of a failed run."""
    LOST_PEER = "lost_peer"
    """Because it lost a peer, which is the cause."""
    DEADLOCK = "deadlock"
    """Because of a deadlock: it and its peers wait for each other in a cycle."""
    STOPPED = "stopped"
    """Because the run was being stopped."""


def kind_of(error: CouplingError) -> FailureKind:
    """Return the kind of failure for an error that a call of the instance library raised."""
    if isinstance(error, PeerFinished):
        return FailureKind.OWN
    if isinstance(error, PeerLost | PortClosed):
        return FailureKind.LOST_PEER
    if isinstance(error, Deadlock):
        return FailureKind.DEADLOCK
    return FailureKind.OWN
