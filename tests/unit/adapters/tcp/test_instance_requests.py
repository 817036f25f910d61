"""Executing the requests of instances."""

import pytest

from adapters.in_memory.admission import InMemoryAdmission
from adapters.tcp.instance_requests import execute_instance_request
from adapters.wire import mmp
from adapters.wire.packing import pack
from adapters.wire.requests import Status, decode_response
from adapters.wire.session_server import Request, Session
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.messages import LogRecord, Wait
from domain.errors import RemoteProtocolError
from domain.running.clients import instance_identity
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

LOCATIONS = ("tcp:a:1",)
WAIT = Wait("macro", "micro", "s")


@pytest.fixture
def desk():
    return InMemoryServices(configuration("macro o_i -> micro f_init\nmicro o_f -> macro s"))


def ask(desk, kind, *arguments):
    """Return the status and the values of an immediate response."""
    ((response,),) = begin(desk, kind, *arguments)
    return decode_response(response)


def execute(desk, data, answer, session=None):
    request = Request(session or session_of("macro"), 1, data)
    execute_instance_request(desk, request, answer, admission=InMemoryAdmission())


def session_of(instance):
    return Session(1, identity=instance_identity(instance))


def begin(desk, kind, *arguments):
    responses = []
    data = kind.encode(*arguments)
    name = mmp.instance_of(mmp.REQUESTS.decode(data)) or "macro"
    execute(desk.desk, data, responses.append, session_of(name))
    return responses


def register(desk, *names, version="0.11.0"):
    return [ask(desk, mmp.register_instance, name, LOCATIONS, (), version) for name in names]


@pytest.mark.parametrize(
    ("version", "count"), [("0.11.0", 1), ("0.11.0+conjoin", 2), ("0.10.0", 0)]
)
def test_registration_is_answered_with_the_timeline_if_the_dialect_has_one(desk, version, count):
    ((status, found),) = register(desk, "macro", version=version)
    assert status is Status.SUCCESS
    assert len(found) == count


@pytest.mark.parametrize(
    "request_",
    [
        (mmp.get_settings,),
        (mmp.get_checkpoint_info, "macro"),
        (mmp.submit_log_message, LogRecord("macro", 1.0, 30, "hm")),
        (mmp.submit_profile_events, "macro", (ProfileEvent(ProfileEventType.SEND, 0, 1),), 0),
        (mmp.waiting_for_receive, WAIT),
        (mmp.is_deadlocked, "macro"),
        (mmp.check_deadlock, ("macro", "s", None), 0),
        (mmp.waiting_to_send, Wait("macro", "micro", "o_i", is_sending=True)),
        (mmp.report_status, "macro", 1.0, None),
        (mmp.report_status, "macro", 1.0, ("micro", "o_i", None, True)),
        (mmp.deregister_instance, "macro"),
    ],
    ids=lambda request_: request_[0].name,
)
def test_valid_request_succeeds(desk, request_):
    register(desk, "macro", "micro")
    assert ask(desk, *request_)[0] is Status.SUCCESS


def test_deadlock_is_reported_as_a_boolean(desk):
    register(desk, "macro", "micro")
    ask(desk, mmp.waiting_for_receive, WAIT)
    assert ask(desk, mmp.is_deadlocked, "macro") == (Status.SUCCESS, [False])
    ask(desk, mmp.waiting_for_receive, Wait("micro", "macro", "f_init"))
    for name in ("macro", "micro"):  # a second request confirms
        assert ask(desk, mmp.is_deadlocked, name) == (Status.SUCCESS, [False])
    for name in ("micro", "macro"):
        ask(desk, mmp.is_deadlocked, name)
    assert ask(desk, mmp.is_deadlocked, "macro") == (Status.SUCCESS, [True])
    ask(desk, mmp.waiting_for_receive_done, WAIT)
    assert ask(desk, mmp.is_deadlocked, "macro") == (Status.SUCCESS, [False])


def test_sender_that_waits_for_room_is_part_of_a_deadlock(desk):
    register(desk, "macro", "micro")
    wait = Wait("macro", "micro", "o_i", is_sending=True)
    ask(desk, mmp.waiting_to_send, wait)
    ask(desk, mmp.waiting_for_receive, Wait("micro", "macro", "f_init"))
    for name in ("macro", "micro") * 2:
        ask(desk, mmp.is_deadlocked, name)
    assert ask(desk, mmp.is_deadlocked, "macro") == (Status.SUCCESS, [True])
    assert desk.board["macro"].waiting_for == wait
    ask(desk, mmp.waiting_to_send_done, wait)
    assert ask(desk, mmp.is_deadlocked, "macro") == (Status.SUCCESS, [False])


def test_request_for_peers_is_pending_until_all_have_registered(desk):
    register(desk, "macro")
    assert ask(desk, mmp.get_peers, "macro") == (Status.PENDING, ["Waiting for component micro"])


def test_deferred_request_for_peers_is_answered_when_all_have_registered(desk):
    register(desk, "macro")
    responses = begin(desk, mmp.await_peers, "macro")
    assert responses == []
    register(desk, "micro")
    ((response,),) = responses
    assert decode_response(response) == ask(desk, mmp.get_peers, "macro")


def test_peers_in_dialect_0_10_have_conduits_without_filters(desk):
    register(desk, "macro", "micro", version="0.10.0")
    _, values = ask(desk, mmp.get_peers, "macro")
    newer = InMemoryServices(configuration("macro o_i -> micro f_init\nmicro o_f -> macro s"))
    register(newer, "macro", "micro")
    assert [len(conduit) for conduit in values[0]] == [2, 2]
    assert ask(newer, mmp.get_peers, "macro")[1] != values


def test_rejected_request_is_answered_with_the_reason(desk):
    status, (text,) = ask(desk, mmp.deregister_instance, "macro")
    assert status is Status.ERROR
    assert "not registered" in text


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x91\x7f", pack([Status.SUCCESS])])
def test_invalid_request_is_answered_with_an_error_and_raises(desk, data):
    responses = []
    with pytest.raises(RemoteProtocolError):
        execute(desk.desk, data, responses.append)
    ((response,),) = responses
    assert decode_response(response)[0] is Status.ERROR


def test_internal_error_is_answered_with_a_pointer_to_the_log_and_raises():
    class BrokenDesk:
        def get_settings(self):
            raise ZeroDivisionError("oops")

    responses = []
    with pytest.raises(ZeroDivisionError):
        execute(BrokenDesk(), mmp.get_settings.encode(), responses.append)
    ((response,),) = responses
    status, (text,) = decode_response(response)
    assert status is Status.ERROR
    assert "internal error in the manager; see its log: ZeroDivisionError('oops')" in text


def test_session_has_the_name_of_its_instance_while_that_is_registered(desk):
    session = Session(7)
    admission = InMemoryAdmission()

    def names_after(*requests):
        for kind, *arguments in requests:
            request = Request(session, 1, kind.encode(*arguments))
            execute_instance_request(desk.desk, request, lambda _: None, admission=admission)
            yield session.client

    requests = (
        (mmp.register_instance, "unknown", LOCATIONS, (), "0.11.0"),
        (mmp.register_instance, "macro", LOCATIONS, (), "0.11.0"),
        (mmp.get_settings,),
        (mmp.deregister_instance, "macro"),
    )
    assert list(names_after(*requests)) == ["", "macro", "macro", ""]


@pytest.mark.parametrize(
    ("request_", "instance"),
    [
        ((mmp.get_peers, "macro"), "macro"),
        ((mmp.submit_log_message, LogRecord("macro", 0.0, 20, "x")), "macro"),
        ((mmp.waiting_for_receive, WAIT), "macro"),
        ((mmp.check_deadlock, WAIT.key, 0), "macro"),
        ((mmp.report_failed, "macro", "x", None), "macro"),
        ((mmp.get_settings,), None),
    ],
)
def test_instance_in_whose_name_a_request_is_made_is_found(request_, instance):
    kind, *arguments = request_
    assert mmp.instance_of(mmp.REQUESTS.decode(kind.encode(*arguments))) == instance


@pytest.mark.parametrize("kind", list(mmp.REQUESTS), ids=lambda kind: kind.name)
def test_every_request_but_that_for_settings_names_its_instance(kind):
    arguments = {
        mmp.register_instance: ("macro", LOCATIONS, (), "0.11.0"),
        mmp.submit_log_message: (LogRecord("macro", 0.0, 20, "x"),),
        mmp.submit_profile_events: ("macro", (), 0),
        mmp.submit_snapshot: ("macro", SnapshotMetadata((), 0.0, 0.0, None, {}, False, "f")),
        mmp.waiting_for_receive: (WAIT,),
        mmp.waiting_for_receive_done: (WAIT,),
        mmp.waiting_to_send: (WAIT,),
        mmp.waiting_to_send_done: (WAIT,),
        mmp.check_deadlock: (WAIT.key, 0),
        mmp.report_status: ("macro", None, None),
        mmp.report_snapshot_failed: ("macro", "x"),
        mmp.report_failed: ("macro", "x", None),
        mmp.get_settings: (),
    }.get(kind, ("macro",))
    found = mmp.instance_of(mmp.REQUESTS.decode(kind.encode(*arguments)))
    assert found == (None if kind is mmp.get_settings else "macro")


def test_request_of_a_client_that_is_not_admitted_is_answered_with_an_error(desk):
    register(desk, "macro")
    responses = []
    execute(desk.desk, mmp.deregister_instance.encode("macro"), responses.append, session_of("b"))
    ((response,),) = responses
    status, (reason,) = decode_response(response)
    assert status is Status.ERROR
    assert "in the name of 'macro'" in reason
    assert ask(desk, mmp.deregister_instance, "macro")[0] is Status.SUCCESS


def test_result_of_a_registration_reaches_the_admission(desk):
    results = []

    class Noting:
        def check_registration(self, client, instance):
            results.append("checked")

        def note_registration(self, client, instance, *, refusal):
            results.append(refusal)

    register_ = mmp.register_instance.encode("macro", LOCATIONS, (), "0.11.0")
    for _ in range(2):
        request = Request(Session(1), 1, register_)
        execute_instance_request(desk.desk, request, lambda _: None, admission=Noting())
    assert results[:3] == ["checked", None, "checked"]
    assert "was already registered" in results[3]
