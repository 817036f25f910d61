"""The choice between several transports to a peer."""

import pytest

from adapters.in_memory.clock import ManualClock
from application.instance.peer_transports import PeerTransports
from domain.coupling.peers import Endpoint
from domain.errors import PeerUnreachable
from domain.identity import Reference

MACRO = Endpoint(Reference("macro"), "out")
MICRO = Endpoint(Reference("micro"), "in", 3)


class FakeTransport:
    """Reaches peers with its scheme, and records its calls.

    Args:
        scheme: Its scheme.
        clock: Advances while the transport waits.
        waits: Seconds until everything is sent.
        error: Raised when it is closed.
    """

    def __init__(self, scheme, *, clock=None, waits=0.0, error=None):
        self._scheme = scheme
        self._clock = clock
        self._waits = waits
        self._error = error
        self.done = []

    def locations(self):
        return [f"{self._scheme}:here", f"{self._scheme}:there"]

    def reaches(self, peer_locations):
        return any(location.startswith(self._scheme) for location in peer_locations)

    def outlet(self, *, sender, receiver, peer_locations):
        return (self._scheme, "outlet", sender, receiver, tuple(peer_locations))

    def inlet(self, *, sender, receiver, peer_locations):
        return (self._scheme, "inlet", sender, receiver, tuple(peer_locations))

    def must_drain(self, peer_locations):
        return self._scheme == "tcp"

    def limit_retries(self, seconds):
        self.done.append(("limit_retries", seconds))

    def finish_receiving(self):
        self.done.append("finish_receiving")

    def wait_until_sent(self, *, timeout):
        self.done.append(timeout)
        self._clock.advance(self._waits if timeout is None else min(self._waits, timeout))
        return timeout is None or self._waits <= timeout

    def close(self):
        self.done.append("close")
        if self._error is not None:
            raise self._error


def combined(*transports, clock=None):
    return PeerTransports(transports, clock=clock or ManualClock())


def connect(transports, *locations):
    """Return the outlet and the inlet to a peer with these locations."""
    return (
        transports.outlet(sender=MACRO, receiver=MICRO, peer_locations=locations),
        transports.inlet(sender=MICRO, receiver=MACRO, peer_locations=locations),
    )


def test_first_transport_that_reaches_the_peer_serves_both_directions():
    transports = combined(FakeTransport("fast"), FakeTransport("tcp"))
    locations = ("tcp:1", "fast:2")
    assert connect(transports, *locations) == (
        ("fast", "outlet", MACRO, MICRO, locations),
        ("fast", "inlet", MICRO, MACRO, locations),
    )
    assert [end[0] for end in connect(transports, "tcp:1")] == ["tcp", "tcp"]
    assert [end[0] for end in connect(transports, "new:1", "fast:2")] == ["fast", "fast"]


def test_peer_is_reached_if_any_transport_reaches_it():
    transports = combined(FakeTransport("fast"), FakeTransport("tcp"))
    assert transports.reaches(["tcp:1"])
    assert not transports.reaches(["other:1"])


@pytest.mark.parametrize("direction", ["outlet", "inlet"])
def test_unreachable_peer_is_an_error_with_its_locations_and_the_schemes_tried(direction):
    transports = combined(FakeTransport("fast"), FakeTransport("tcp"))
    peer = {"outlet": "micro", "inlet": "macro"}[direction]
    with pytest.raises(PeerUnreachable) as raised:
        getattr(transports, direction)(
            sender=MACRO, receiver=MICRO, peer_locations=["shm:a", "rdma:b"]
        )
    assert str(raised.value) == (
        f"Cannot connect to peer '{peer}': none of the transports of this instance (fast, tcp)"
        " reaches the locations that the peer published (shm:a, rdma:b). Do both use compatible"
        " versions of the library?"
    )


def test_unreachable_peer_without_locations_is_named():
    with pytest.raises(PeerUnreachable, match=r"'micro': .*\(it has none\).*\(it published none\)"):
        combined().outlet(sender=MACRO, receiver=MICRO, peer_locations=[])


def test_locations_of_all_transports_are_published_the_preferred_last():
    transports = combined(FakeTransport("fast"), FakeTransport("tcp"))
    assert transports.locations() == ["tcp:here", "tcp:there", "fast:here", "fast:there"]


def test_all_transports_finish_receiving():
    parts = [FakeTransport("fast"), FakeTransport("tcp")]
    combined(*parts).finish_receiving()
    assert [part.done for part in parts] == [["finish_receiving"]] * 2


@pytest.mark.parametrize(
    ("timeout", "timeouts", "expected"),
    [(None, (None, None), True), (9.0, (9.0, 7.0), True), (4.0, (4.0, 2.0), False)],
)
def test_transports_share_the_time_to_wait_until_sent(timeout, timeouts, expected):
    clock = ManualClock()
    parts = [
        FakeTransport("fast", clock=clock, waits=2.0),
        FakeTransport("tcp", clock=clock, waits=3.0),
    ]
    assert combined(*parts, clock=clock).wait_until_sent(timeout=timeout) == expected
    assert [part.done for part in parts] == [[item] for item in timeouts]


def test_all_transports_are_closed_even_if_one_raises():
    error = OSError("closing failed")
    parts = [FakeTransport("fast", error=error), FakeTransport("tcp")]
    with pytest.raises(OSError, match="closing failed"):
        combined(*parts).close()
    assert [part.done for part in parts] == [["close"]] * 2


@pytest.mark.parametrize(
    ("locations", "must_drain"), [(["tcp:1", "fast:2"], False), (["tcp:1"], True), ([], False)]
)
def test_transport_that_serves_the_peer_decides_whether_it_must_be_drained(locations, must_drain):
    transports = combined(FakeTransport("fast"), FakeTransport("tcp"))
    assert transports.must_drain(locations) is must_drain


def test_retries_are_limited_in_all_transports():
    fast, tcp = FakeTransport("fast"), FakeTransport("tcp")
    combined(fast, tcp).limit_retries(2.0)
    assert fast.done == tcp.done == [("limit_retries", 2.0)]
