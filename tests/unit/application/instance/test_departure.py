"""In which order an instance leaves, and what it does when something is in its way."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.instance_log import InMemoryInstanceLog
from application.instance.connections import Connections
from application.instance.departure import PATIENCE_AFTER_FAILURE, Leaving
from application.instance.port_table import PortTable
from application.instance.profiler import Profiler
from domain.coupling.messages import Milestone
from domain.coupling.ports import Operator, Port, PortState
from domain.errors import ManagerRefused, PeerLost, UsageError
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
    """Stands for all that an instance leaves, and notes what it is asked for.

    Args:
        failures: What is raised, by the name of the call.
    """

    def __init__(self, **failures):
        self._failures = failures
        self.calls = []
        self.events = []

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.calls.append((name, *args, *kwargs.values()))
            if name in self._failures:
                raise self._failures[name]

        return call

    def send_milestone(self, port, milestone, *, is_counted):
        self.calls.append(("send_milestone", port.name, milestone, is_counted))

    def submit_profile_events(self, events):
        self.calls.append(("submit_profile_events",))
        self.events += [event.event_type for event in events]


def leave(notes, *, times=1, is_registered=True, is_connected=True, failure=None):
    """Leave; return what was called, and what was logged."""
    log = InMemoryInstanceLog()
    profiler = Profiler(clock=ManualClock(), link=notes)
    leaving = Leaving(link=notes, transport=notes, profiler=profiler, log=log)
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
def test_ports_are_closed_first_and_connections_last_and_all_of_it_once(times):
    calls, lines = leave(Notes(), times=times)
    assert calls == [*CLOSED, ("drain",), *SENT, *DEREGISTERED, *ALL_CLOSED]
    assert lines == []


def test_after_a_failure_the_manager_is_told_nothing_is_received_and_patience_is_short():
    calls, _ = leave(Notes(), failure="the reason")
    sent = [("finish_receiving",), ("wait_until_sent", PATIENCE_AFTER_FAILURE)]
    told = [("report_failed", "the reason", FailureKind.LOST_PEER), *closed(is_counted=False)]
    assert calls == [*told, *sent, *DEREGISTERED, *ALL_CLOSED]


def test_who_is_not_registered_does_not_deregister():
    calls, _ = leave(Notes(), is_registered=False)
    assert calls == [*CLOSED, ("drain",), *SENT, *ALL_CLOSED]
    calls, _ = leave(Notes(), is_registered=False, failure="the reason")
    assert calls[: len(CLOSED)] == closed(is_counted=False)


def test_how_long_it_took_is_in_the_profile_before_the_manager_forgets_us():
    notes = Notes()
    leave(notes)
    assert notes.events == [
        ProfileEventType.SHUTDOWN_WAIT,
        ProfileEventType.DISCONNECT_WAIT,
        ProfileEventType.SHUTDOWN,
        ProfileEventType.DEREGISTER,
    ]


def test_a_peer_that_is_lost_meanwhile_is_logged_and_the_rest_is_done():
    calls, lines = leave(Notes(drain=PeerLost("macro is gone")))
    assert calls == [*CLOSED, ("drain",), *SENT, *DEREGISTERED, *ALL_CLOSED]
    assert lines == [(LogLevel.WARNING, "A peer was lost while shutting down: macro is gone")]


def test_a_manager_that_refuses_is_logged_and_everything_is_closed():
    calls, lines = leave(Notes(deregister_instance=ManagerRefused("no")))
    assert calls[-2:] == ALL_CLOSED
    assert lines == [(LogLevel.WARNING, "Could not shut down cleanly: no")]


def test_an_error_of_our_own_is_not_hidden_and_everything_is_closed():
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
    leaving = Leaving(link=notes, transport=notes, profiler=profiler, log=log)
    for _ in range(2):
        leaving.leave_failed(error, Connections(PORTS, notes, notes))
    assert log.lines == [(LogLevel.ERROR, str(error))]
    assert [call for call in notes.calls if call[0] == "report_failed"] == [
        ("report_failed", str(error), kind)
    ]
