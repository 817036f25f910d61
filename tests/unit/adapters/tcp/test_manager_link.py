"""Requests and reports of an instance to MUSCLE3's manager and to ours."""

import threading

import pytest

from adapters.io.event_loop import EventLoop
from adapters.tcp import report_sender
from adapters.tcp.manager_link import MMPClient
from adapters.tcp.report_sender import EVENTS_PER_REQUEST, MAX_PROFILE_BATCHES
from adapters.tcp.server import Server
from adapters.wire import mmp
from adapters.wire.locations import TCP, format_location
from adapters.wire.mmp_values import encode_peers
from adapters.wire.packing import pack
from adapters.wire.requests import Status, encode_error, encode_pending
from domain.coupling.messages import LogRecord
from domain.coupling.peers import PeerInfo
from domain.coupling.timelines import Timeline
from domain.errors import ManagerRefused, TransportError
from domain.identity import Reference
from domain.running.deadlock_suspicions import DeadlockAnswer
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.conditions import wait_until
from tests.unit.adapters.tcp.loopback import RETRY_ONCE

SECRET = "the secret"
SUCCESS = pack([Status.SUCCESS])
NO_PEERS = pack([Status.SUCCESS, *encode_peers(PeerInfo(Reference("macro"), (), {}, {}))])
EVENT = ProfileEvent(ProfileEventType.SEND, 0, 1)
REPORTS = "conjoin-reports-macro"


class Manager:
    """Answers requests with the given responses, then with success, and records them."""

    def __init__(self):
        self.answers = []
        self.requests = []
        self.before_answer = lambda: None
        self.server = Server(
            self._handle, loop=EventLoop("a manager"), max_request=2**20, secret=SECRET
        )
        self.location = format_location(TCP, self.server.listen(["127.0.0.1"]))
        self.server.start()

    def _handle(self, request, reply):
        received = mmp.REQUESTS.decode(request.body)
        self.requests.append((received.request, *received.arguments))
        self.before_answer()
        reply([self.answers.pop(0) if self.answers else SUCCESS])


@pytest.fixture
def manager():
    manager = Manager()
    yield manager
    manager.server.close()


@pytest.fixture
def muscle3_link(manager):
    """Return a link that uses only MUSCLE3's protocol."""
    link = MMPClient("macro", manager.location, first_pause=0.001)
    yield link
    link.close()


@pytest.fixture
def own_link(manager):
    link = MMPClient("macro", [manager.location], secret=SECRET)
    yield link
    link.close()


def has_reporter():
    return REPORTS in [thread.name for thread in threading.enumerate()]


def test_registration_with_muscle3_sends_its_version(muscle3_link, manager):
    muscle3_link.register_instance(["tcp:a:1"], [])
    assert manager.requests[0][-1] == "0.11.0"


def test_registration_with_our_manager_sends_our_version(own_link, manager):
    own_link.register_instance(["tcp:a:1"], [])
    assert manager.requests[0][-1] == "0.11.0+conjoin"


def test_missing_timeline_defaults_to_the_component(manager):
    manager.answers = [pack([Status.SUCCESS, "a:b"])]
    link = MMPClient("micro[3]", manager.location)
    assert link.register_instance([], []) == Timeline("a:b")
    assert link.register_instance([], []) == Timeline("micro")
    link.close()


def test_peers_are_requested_from_muscle3s_manager_until_they_have_registered(
    muscle3_link, manager
):
    manager.answers = [encode_pending("not yet")] * 3 + [NO_PEERS]
    assert muscle3_link.request_peers().conduits == ()
    assert manager.requests == [(mmp.get_peers, "macro")] * 4


def test_timeout_error_for_missing_peers_has_the_managers_message(manager):
    manager.answers = [encode_pending("Waiting for micro")] * 100
    link = MMPClient("macro", manager.location, first_pause=0.001, peer_timeout=0.002)
    with pytest.raises(ManagerRefused, match=r"within 0 s: Waiting for micro"):
        link.request_peers()
    link.close()


def test_peers_are_requested_from_our_manager_once(own_link, manager):
    manager.answers = [NO_PEERS]
    own_link.request_peers()
    assert manager.requests == [(mmp.await_peers, "macro")]


@pytest.mark.parametrize(
    "request_",
    [MMPClient.request_peers, MMPClient.get_settings, lambda link: link.check_deadlock("s", None)],
)
def test_error_response_is_raised_with_the_managers_message(muscle3_link, manager, request_):
    manager.answers = [encode_error("because")]
    with pytest.raises(ManagerRefused, match=r"^because$"):
        request_(muscle3_link)


def test_suspicion_is_confirmed_at_our_manager_only(own_link, muscle3_link, manager):
    manager.answers = [pack([Status.SUCCESS, False, 7]), pack([Status.SUCCESS, True])]
    assert own_link.check_deadlock("s", 2, confirms=6) == DeadlockAnswer(False, 7)
    assert muscle3_link.check_deadlock("s", 2, confirms=6) == DeadlockAnswer(True)
    assert manager.requests == [
        (mmp.check_deadlock, ("macro", "s", 2), 6),
        (mmp.is_deadlocked, "macro"),
    ]


def test_reporter_thread_is_started_only_when_needed(own_link):
    own_link.deregister_instance()
    assert not has_reporter()


def test_reports_are_sent_in_order_by_a_named_thread(own_link, manager):
    for number in range(5):
        own_link.submit_log_message(LogRecord("macro", 0.0, 30, str(number)))
    assert has_reporter()
    own_link.flush()
    assert [record.text for _, record in manager.requests] == ["0", "1", "2", "3", "4"]


def test_many_events_are_split_over_requests(own_link, manager):
    own_link.submit_profile_events([EVENT] * (2 * EVENTS_PER_REQUEST + 1))
    own_link.flush()
    sizes = [len(events) for _, _, events, _ in manager.requests]
    assert sizes == [EVENTS_PER_REQUEST, EVENTS_PER_REQUEST, 1]


def test_events_are_created_on_the_reporter_thread(own_link):
    made_on = []

    def events():
        made_on.append(threading.current_thread().name)
        yield EVENT

    own_link.submit_profile_events(events())
    own_link.flush()
    assert made_on == [REPORTS]


def hold_back(link, manager):
    """Let the reporter wait for an answer; return what ends this."""
    may_go_on = threading.Event()
    manager.before_answer = may_go_on.wait
    link.submit_log_message(LogRecord("macro", 0.0, 30, "first"))
    wait_until(lambda: manager.requests)
    return may_go_on


def test_oldest_profile_events_are_dropped_and_counted_when_too_many_wait(own_link, manager):
    may_go_on = hold_back(own_link, manager)
    for number in range(MAX_PROFILE_BATCHES + 2):
        own_link.submit_profile_events([EVENT._replace(start_time=number)] * 3)
    may_go_on.set()
    own_link.flush()
    batches = [(events[0].start_time, dropped) for _, _, events, dropped in manager.requests[1:]]
    assert batches == [(2, 6), *((number, 0) for number in range(3, MAX_PROFILE_BATCHES + 2))]


def test_muscle3s_manager_gets_no_number_of_dropped_events(muscle3_link, manager):
    may_go_on = hold_back(muscle3_link, manager)
    for _ in range(MAX_PROFILE_BATCHES + 2):
        muscle3_link.submit_profile_events([EVENT])
    may_go_on.set()
    muscle3_link.deregister_instance()
    profile = [request for request in manager.requests if len(request) == 4]
    assert {dropped for _, _, _, dropped in profile} == {0}
    (_, log), _ = manager.requests[-2:]
    assert log.text == "2 profile events were dropped, because the manager was too busy."


def test_other_reports_are_sent_before_profile_events(own_link, manager):
    may_go_on = hold_back(own_link, manager)
    own_link.submit_profile_events([EVENT])
    own_link.submit_log_message(LogRecord("macro", 0.0, 30, "second"))
    may_go_on.set()
    own_link.flush()
    assert [request for request, *_ in manager.requests] == [
        mmp.submit_log_message,
        mmp.submit_log_message,
        mmp.submit_profile_events,
    ]


def test_leaving_does_not_wait_until_a_long_profile_is_sent(own_link, manager, monkeypatch):
    monkeypatch.setattr(report_sender, "PROFILE_PATIENCE", 0.0)
    may_go_on = hold_back(own_link, manager)
    for number in range(10):
        own_link.submit_profile_events([EVENT._replace(start_time=number)])
    threading.Timer(0.05, may_go_on.set).start()
    own_link.deregister_instance()
    _, (_, _, events, dropped), (last, _) = manager.requests
    assert ([event.start_time for event in events], dropped) == ([9], 9)
    assert last is mmp.deregister_instance


def test_empty_list_of_events_sends_no_request(own_link, manager):
    own_link.submit_profile_events([])
    own_link.flush()
    assert manager.requests == []


def test_refused_report_does_not_block_the_next(own_link, manager):
    manager.answers = [encode_error("no")]
    for text in ("refused", "taken"):
        own_link.submit_log_message(LogRecord("macro", 0.0, 30, text))
    own_link.flush()
    assert len(manager.requests) == 2


def test_muscle3s_manager_receives_no_status(muscle3_link, manager):
    muscle3_link.report_status(simulated_time=1.0, waiting=None)
    muscle3_link.flush()
    assert manager.requests == []


def test_reports_are_sent_before_deregistering(own_link, manager):
    own_link.submit_log_message(LogRecord("macro", 0.0, 30, "last words"))
    own_link.deregister_instance()
    kinds = [kind for kind, *_ in manager.requests]
    assert kinds == [mmp.submit_log_message, mmp.deregister_instance]


def test_reports_to_a_missing_manager_are_dropped_together(nowhere):
    link = MMPClient("macro", nowhere, retries=RETRY_ONCE)
    for number in range(50):
        link.submit_log_message(LogRecord("macro", 0.0, 30, str(number)))
    link.flush()
    link.close()


def test_closed_link_raises_an_error_and_has_no_thread(own_link):
    own_link.submit_log_message(LogRecord("macro", 0.0, 30, "x"))
    own_link.close()
    own_link.close()
    assert not has_reporter()
    own_link.submit_log_message(LogRecord("macro", 0.0, 30, "too late"))
    own_link.flush()
    with pytest.raises(TransportError, match="connection to the manager has been closed"):
        own_link.get_settings()


def test_manager_of_another_run_is_rejected(manager):
    link = MMPClient("macro", manager.location, secret="another")
    with pytest.raises(Exception, match="does not know the secret of this run"):
        link.get_settings()
    link.close()
    wait_until(lambda: manager.server.session_count == 0)
