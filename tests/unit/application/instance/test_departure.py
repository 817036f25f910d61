"""The steps by which an instance leaves, also after a failure."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.instance_log import InMemoryInstanceLog
from application.instance.connections import Connections
from application.instance.departure import (
    DRAINING_PATIENCE,
    LEAST_PATIENCE,
    PATIENCE_AFTER_FAILURE,
    RETRY_TIME_AFTER_FAILURE,
    Leaving,
)
from application.instance.port_table import PortTable
from application.instance.profiler import Profiler
from application.instance.receiver import Unreceived
from domain.coupling.messages import Milestone
from domain.coupling.ports import Operator, Port, PortState
from domain.errors import ManagerRefused, PeerLost, UnsendableData, UsageError
from domain.identity import Reference
from domain.running.failure_kinds import FailureKind
from domain.running.log_levels import LogLevel
from domain.running.profiling import ProfileEventType

PORTS = PortTable(
    Reference("micro"),
    {
        name: PortState(Port(name, operator), is_connected=name != "loose", length=None)
        for name, operator in (
            ("init", Operator.F_INIT),
            ("out", Operator.O_I),
            ("loose", Operator.O_I),
            ("final", Operator.O_F),
        )
    },
)


class Notes:
    """Replaces everything that an instance leaves, and records the calls.

    Args:
        stops_peers: Whether the manager stops the peers of an instance that failed.
        must_be_drained: Whether peers wait until everything is fetched. None of them sends.
        failures: Errors to raise, by the name of the call.
    """

    def __init__(self, *, stops_peers=True, must_be_drained=False, **failures):
        self._failures = failures
        self.stops_peers = stops_peers
        self.unreceived = []
        self.must_be_drained = must_be_drained
        self.clock = ManualClock()
        self.calls = []
        self.events = []

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.calls.append((name, *args, *kwargs.values()))
            if name in self._failures:
                raise self._failures[name]

        return call

    def drain(self, note):
        self.calls.append(("drain",))
        if "drain" in self._failures:
            raise self._failures["drain"]
        for item in self.unreceived:
            note(item)

    def send_milestone(self, port, milestone, *, is_counted):
        self.calls.append(("send_milestone", port.name, milestone, is_counted))

    def limit_queues(self, size, *, wait):
        self.calls.append(("limit_queues", size))

    def report_failed(self, problem, *, kind):
        self.calls.append(("report_failed", problem, kind))
        return self.stops_peers

    def must_drain(self, port, slot):
        return self.must_be_drained

    def fetch(self, port, slot, *, timeout):
        if timeout:
            self.clock.advance(timeout)

    def submit_profile_events(self, events):
        self.calls.append(("submit_profile_events",))
        self.events += [event.event_type for event in events]


def leave(notes, *, times=1, is_registered=True, is_connected=True, failure=None):
    """Leave; return the calls and the logged lines."""
    log = InMemoryInstanceLog()
    profiler = Profiler(clock=ManualClock(), link=notes)
    leaving = Leaving(link=notes, transport=notes, profiler=profiler, log=log, clock=notes.clock)
    for _ in range(times):
        leaving.leave(
            Connections(PORTS, notes, notes) if is_connected else None,
            is_registered=is_registered,
            failure=failure,
            kind=FailureKind.LOST_PEER,
        )
    assert leaving.is_done
    return notes.calls, log.lines


def closed(*, is_counted):
    return [("send_milestone", port, Milestone(()), is_counted) for port in ("out", "final")]


CLOSED = closed(is_counted=True)
SENT = [("finish_receiving",), ("wait_until_sent", None)]
DEREGISTERED = [("submit_profile_events",), ("deregister_instance",)]
ALL_CLOSED = [("close",), ("close",)]


@pytest.mark.parametrize("times", [1, 2])
def test_leaving_closes_ports_first_and_connections_last_and_only_once(times):
    calls, lines = leave(Notes(), times=times)
    assert calls == [*CLOSED, ("drain",), *SENT, *DEREGISTERED, *ALL_CLOSED]
    assert lines == []


def failed(*, waited):
    reported = [("report_failed", "the reason", FailureKind.LOST_PEER), *closed(is_counted=False)]
    reported.insert(1, ("limit_queues", None))
    limited = ("limit_retries", RETRY_TIME_AFTER_FAILURE)
    sent = [("finish_receiving",), ("wait_until_sent", waited)]
    return [*reported, limited, *sent, *DEREGISTERED, *ALL_CLOSED]


def test_failure_is_reported_first_and_limits_the_wait_for_peers():
    calls, _ = leave(Notes(), failure="the reason")
    assert calls == failed(waited=PATIENCE_AFTER_FAILURE)


def test_ports_are_drained_for_a_limited_time_after_a_failure():
    notes = Notes(must_be_drained=True)
    calls, _ = leave(notes, failure="the reason")
    assert calls == failed(waited=LEAST_PATIENCE)
    assert notes.clock.monotonic() == pytest.approx(PATIENCE_AFTER_FAILURE)


def test_ports_are_drained_for_longer_if_the_manager_does_not_stop_the_peers():
    notes = Notes(must_be_drained=True, stops_peers=False)
    calls, _ = leave(notes, failure="the reason")
    assert calls == failed(waited=LEAST_PATIENCE)
    assert notes.clock.monotonic() == pytest.approx(DRAINING_PATIENCE)


class Unsendable(Notes):
    """Simulates a filter that holds back unsendable data."""

    def send_milestone(self, port, milestone, *, is_counted):
        super().send_milestone(port, milestone, is_counted=is_counted)
        if port.name == "out":
            raise UnsendableData("data", "it has no codec")


def test_port_that_cannot_be_closed_after_a_failure_is_logged_and_the_others_are_closed():
    calls, lines = leave(Unsendable(), failure="the reason")
    assert calls == failed(waited=PATIENCE_AFTER_FAILURE)
    assert lines == [
        (LogLevel.ERROR, "the reason"),
        (LogLevel.WARNING, "Port 'out' could not be closed: data cannot be sent: it has no codec"),
    ]


def test_unsendable_last_message_prevents_a_normal_deregistration():
    calls, lines = leave(Unsendable())
    assert calls == [CLOSED[0], *ALL_CLOSED]
    assert lines == [
        (LogLevel.WARNING, "Could not shut down cleanly: data cannot be sent: it has no codec")
    ]


def test_unregistered_instance_does_not_deregister():
    calls, _ = leave(Notes(), is_registered=False)
    assert calls == [*CLOSED, ("drain",), *SENT, *ALL_CLOSED]
    calls, _ = leave(Notes(), is_registered=False, failure="the reason")
    assert calls[: 1 + len(CLOSED)] == [("limit_queues", None), *closed(is_counted=False)]


def test_shutdown_is_profiled_before_deregistering():
    notes = Notes()
    leave(notes)
    assert notes.events == [
        ProfileEventType.SHUTDOWN_WAIT,
        ProfileEventType.DISCONNECT_WAIT,
        ProfileEventType.SHUTDOWN,
        ProfileEventType.DEREGISTER,
    ]


def test_messages_that_were_not_received_are_logged_while_leaving():
    notes = Notes()
    notes.unreceived = [Unreceived("init", 2, "macro.out[0]", 3)]
    _, lines = leave(notes)
    ((level, text),) = lines
    assert level is LogLevel.WARNING
    assert text.startswith("3 messages from 'macro.out[0]' were not received on port 'init[2]'. ")


def test_lost_peer_while_leaving_is_logged_and_leaving_continues():
    calls, lines = leave(Notes(drain=PeerLost("macro is gone")))
    assert calls == [*CLOSED, ("drain",), *SENT, *DEREGISTERED, *ALL_CLOSED]
    assert lines == [(LogLevel.WARNING, "A peer was lost while shutting down: macro is gone")]


def test_rejected_deregistration_is_logged_and_everything_is_closed():
    calls, lines = leave(Notes(deregister_instance=ManagerRefused("no")))
    assert calls[-2:] == ALL_CLOSED
    assert lines == [(LogLevel.WARNING, "Could not shut down cleanly: no")]


def test_unexpected_error_is_raised_after_everything_is_closed():
    notes = Notes(drain=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        leave(notes)
    assert notes.calls[-2:] == ALL_CLOSED


def test_instance_without_connections_closes_no_ports():
    calls, _ = leave(Notes(), is_connected=False, failure="the reason")
    sent = [("finish_receiving",), ("wait_until_sent", PATIENCE_AFTER_FAILURE)]
    reported = [("report_failed", "the reason", FailureKind.LOST_PEER)]
    assert calls == [*reported, *sent, *DEREGISTERED, *ALL_CLOSED]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(PeerLost("gone"), FailureKind.LOST_PEER), (UsageError("wrong"), FailureKind.OWN)],
)
def test_error_is_logged_and_reported_once_with_its_kind(error, kind):
    notes, log = Notes(), InMemoryInstanceLog()
    profiler = Profiler(clock=ManualClock(), link=notes)
    leaving = Leaving(link=notes, transport=notes, profiler=profiler, log=log, clock=notes.clock)
    for _ in range(2):
        leaving.leave_failed(error, Connections(PORTS, notes, notes))
    assert log.lines == [(LogLevel.ERROR, str(error))]
    assert [call for call in notes.calls if call[0] == "report_failed"] == [
        ("report_failed", str(error), kind)
    ]
