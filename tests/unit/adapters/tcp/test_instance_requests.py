"""What an instance is answered."""

import pytest

from adapters.tcp.instance_requests import execute_instance_request
from adapters.wire import mmp
from adapters.wire.mmp import Status
from adapters.wire.session_server import Request, Session
from domain.coupling.messages import LogRecord, Wait
from domain.errors import RemoteProtocolError
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.desks import InMemoryDesk
from tests.unit.domain.models import configuration

PLACES = ("tcp:a:1",)
WAIT = Wait("macro", "micro", "s")


@pytest.fixture
def desk():
    return InMemoryDesk(configuration("macro o_i -> micro f_init\nmicro o_f -> macro s"))


def ask(desk, request):
    """Return status and values of the answer that is given at once."""
    ((response,),) = begin(desk, request)
    return mmp.decode_response(response)


def execute(desk, data, answer, session=None):
    execute_instance_request(desk, Request(session or Session(1), 1, data), answer)


def begin(desk, request):
    responses = []
    execute_instance_request(
        desk.desk, Request(Session(1), 1, mmp.encode_request(request)), responses.append
    )
    return responses


def register(desk, *names, version="0.11.0"):
    return [ask(desk, mmp.RegisterInstance(name, PLACES, (), version)) for name in names]


@pytest.mark.parametrize(
    ("version", "count"), [("0.11.0", 1), ("0.11.0+conjoin", 1), ("0.10.0", 0)]
)
def test_who_registers_is_told_its_timeline_if_its_dialect_has_any(desk, version, count):
    ((status, found),) = register(desk, "macro", version=version)
    assert status is Status.SUCCESS
    assert len(found) == count


@pytest.mark.parametrize(
    "request_",
    [
        mmp.GetSettings(),
        mmp.GetCheckpointInfo("macro"),
        mmp.SubmitLogMessage(LogRecord("macro", 1.0, 30, "hm")),
        mmp.SubmitProfileEvents("macro", (ProfileEvent(ProfileEventType.SEND, 0, 1),)),
        mmp.WaitingForReceive(WAIT),
        mmp.IsDeadlocked("macro"),
        mmp.ReportStatus("macro", 1.0, None),
        mmp.DeregisterInstance("macro"),
    ],
    ids=lambda request_: type(request_).__name__,
)
def test_each_request_that_can_be_granted_is_granted(desk, request_):
    register(desk, "macro", "micro")
    assert ask(desk, request_)[0] is Status.SUCCESS


def test_a_deadlock_is_answered_with_yes_or_no(desk):
    register(desk, "macro", "micro")
    ask(desk, mmp.WaitingForReceive(WAIT))
    assert ask(desk, mmp.IsDeadlocked("macro")) == (Status.SUCCESS, [False])
    ask(desk, mmp.WaitingForReceive(Wait("micro", "macro", "f_init")))
    assert ask(desk, mmp.IsDeadlocked("macro")) == (Status.SUCCESS, [True])
    ask(desk, mmp.WaitingForReceiveDone(WAIT))
    assert ask(desk, mmp.IsDeadlocked("macro")) == (Status.SUCCESS, [False])


def test_who_asks_too_early_for_its_peers_is_to_ask_again(desk):
    register(desk, "macro")
    assert ask(desk, mmp.GetPeers("macro")) == (Status.PENDING, ["Waiting for component micro"])


def test_who_waits_for_its_peers_is_answered_when_they_are_there(desk):
    register(desk, "macro")
    responses = begin(desk, mmp.AwaitPeers("macro"))
    assert responses == []
    register(desk, "micro")
    ((response,),) = responses
    assert mmp.decode_response(response) == ask(desk, mmp.GetPeers("macro"))


def test_the_older_dialect_is_told_of_conduits_without_filters(desk):
    register(desk, "macro", "micro", version="0.10.0")
    _, values = ask(desk, mmp.GetPeers("macro"))
    newer = InMemoryDesk(configuration("macro o_i -> micro f_init\nmicro o_f -> macro s"))
    register(newer, "macro", "micro")
    assert [len(conduit) for conduit in values[0]] == [2, 2]
    assert ask(newer, mmp.GetPeers("macro"))[1] != values


def test_what_is_refused_is_an_error_with_the_reason(desk):
    status, (text,) = ask(desk, mmp.DeregisterInstance("macro"))
    assert status is Status.ERROR
    assert "not registered" in text


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x91\x7f", mmp.encode_success()])
def test_what_makes_no_sense_is_an_error_and_told(desk, data):
    responses = []
    with pytest.raises(RemoteProtocolError):
        execute(desk.desk, data, responses.append)
    ((response,),) = responses
    assert mmp.decode_response(response)[0] is Status.ERROR


def test_a_mistake_of_ours_is_an_error_that_names_the_log_and_is_told():
    class BrokenDesk:
        def get_settings(self):
            raise ZeroDivisionError("oops")

    responses = []
    with pytest.raises(ZeroDivisionError):
        execute(BrokenDesk(), mmp.encode_request(mmp.GetSettings()), responses.append)
    ((response,),) = responses
    status, (text,) = mmp.decode_response(response)
    assert status is Status.ERROR
    assert "the manager made a mistake, see its log: ZeroDivisionError('oops')" in text


def test_a_session_has_the_name_of_its_instance_for_as_long_as_that_is_registered(desk):
    session = Session(7)

    def names_after(*requests):
        for request in requests:
            execute(desk.desk, mmp.encode_request(request), lambda _: None, session)
            yield session.client

    strangers = mmp.RegisterInstance("nobody", PLACES, (), "0.11.0")
    registration = mmp.RegisterInstance("macro", PLACES, (), "0.11.0")
    requests = (strangers, registration, mmp.GetSettings(), mmp.DeregisterInstance("macro"))
    assert list(names_after(*requests)) == ["", "macro", "macro", ""]
