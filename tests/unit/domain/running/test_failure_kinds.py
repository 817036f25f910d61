import pytest

from domain.errors import (
    CouplingError,
    Deadlock,
    PeerFinished,
    PeerLost,
    PortClosed,
    PortError,
    TransportError,
)
from domain.running.failure_kinds import FailureKind, kind_of


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PeerLost("gone"), FailureKind.LOST_PEER),
        (PortClosed("closed"), FailureKind.LOST_PEER),
        (PeerFinished("finished"), FailureKind.OWN),
        (Deadlock("a cycle"), FailureKind.DEADLOCK),
        (PortError("no such port"), FailureKind.OWN),
        (TransportError("no manager"), FailureKind.OWN),
    ],
)
def test_failure_kind_follows_from_the_type_of_the_error(error: CouplingError, kind: FailureKind):
    assert kind_of(error) is kind
