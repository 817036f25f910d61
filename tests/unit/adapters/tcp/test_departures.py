"""Which receivers count as departed, and what happens to messages for them."""

import pytest

from adapters.tcp.departures import Departures, instance_of
from adapters.tcp.outboxes import Outboxes
from adapters.wire.session_server import Session

MICRO, OTHER = "micro.f_init", "other.f_init"


class Bench:
    """A server without connections, whose sessions are set by the test."""

    def __init__(self):
        self.boxes = Outboxes()
        self.sessions = {}
        self.refusing = set()
        self.reports = []
        self.ended = []
        self.departures = Departures(
            server=self,
            outboxes=self.boxes,
            report=self.reports.append,
            refuses=lambda locations: bool(self.refusing.intersection(locations)),
        )
        for endpoint in (MICRO, OTHER):
            self.departures.add_receiver(instance_of(endpoint), [f"at {endpoint}"])
            self.boxes.put(endpoint, b"message")

    def sessions_of(self, client):
        return self.sessions.get(client, [])

    def end_sessions_of(self, client):
        self.ended.append(client)

    def fetching(self, *, connections):
        """Make `micro` fetch messages in sessions with these numbers of connections."""
        self.departures.note_fetching("micro")
        self.sessions["micro"] = [Session(n) for n in range(len(connections))]
        for session, number in zip(self.sessions["micro"], connections, strict=True):
            session.connections = number

    def refuse(self):
        self.refusing.add(f"at {MICRO}")


@pytest.fixture
def bench():
    return Bench()


def has_left(bench):
    """Return whether messages for `micro` were dropped; check that all others were kept."""
    bench.departures.drop_undeliverable()
    assert OTHER in bench.boxes.waiting()
    assert len(bench.reports) == (MICRO not in bench.boxes.waiting())
    return MICRO not in bench.boxes.waiting()


def test_receiver_that_has_ended_all_its_sessions_has_left(bench):
    bench.fetching(connections=[])
    assert has_left(bench)
    assert "Instance 'micro' has left" in bench.reports[0]
    assert f"'{MICRO}'" in bench.reports[0]


@pytest.mark.parametrize("connections", [[1], [0, 1], [2, 0]])
def test_receiver_with_a_connection_has_not_left(bench, connections):
    bench.refuse()
    bench.fetching(connections=connections)
    assert not has_left(bench)


@pytest.mark.parametrize("is_refusing", [False, True])
def test_receiver_without_a_connection_has_left_if_its_addresses_refuse(bench, is_refusing):
    if is_refusing:
        bench.refuse()
    bench.fetching(connections=[0])
    assert has_left(bench) == is_refusing


def test_receiver_that_has_never_fetched_has_not_left(bench):
    bench.refuse()
    assert not has_left(bench)


def test_sessions_of_a_receiver_that_crashed_are_ended(bench):
    bench.refuse()
    bench.fetching(connections=[0])
    bench.departures.end_sessions()
    assert bench.ended == ["micro"]


@pytest.mark.parametrize(("connections", "refuses"), [([1], True), ([0], False), ([], True)])
def test_sessions_of_other_receivers_are_not_ended(bench, connections, refuses):
    if refuses:
        bench.refuse()
    bench.fetching(connections=connections)
    bench.departures.end_sessions()
    assert bench.ended == []


@pytest.mark.parametrize(
    ("endpoint", "instance"),
    [("micro.in", "micro"), ("a.b[1][2].in[3]", "a.b[1][2]"), ("nonsense", "")],
)
def test_instance_is_found_in_an_endpoint(endpoint, instance):
    assert instance_of(endpoint) == instance
