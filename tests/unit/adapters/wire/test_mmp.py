import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire import mmp
from adapters.wire.packing import pack, unpack
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.messages import LogRecord, Wait
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import Operator, Port
from domain.errors import RemoteProtocolError
from domain.identity import Reference
from domain.model.checkpoint_rules import (
    CheckpointAtRule,
    CheckpointInfo,
    CheckpointRangeRule,
    Checkpoints,
)
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.recordings import RecordedPayload, payloads
from tests.unit.adapters.wire.wire_values import finite, names

REQUESTS = list(payloads("MMP", "request", version=None))
RESPONSES = list(payloads("MMP", "response", version=None))

texts = st.text(max_size=12)
integers = st.integers(-(2**63), 2**63 - 1)
optional = st.none() | integers
ports = st.builds(Port, names, st.sampled_from(Operator))
waits = st.builds(Wait, texts, texts, texts, optional)
port_uses = st.tuples(names, st.sampled_from(Operator)) | st.just((None, None))
events = st.builds(
    lambda kind, start, stop, port, rest: ProfileEvent(kind, start, stop, *port, *rest),
    st.sampled_from(ProfileEventType),
    integers,
    integers,
    port_uses,
    st.tuples(optional, optional, optional, optional, st.none() | finite),
)
metadata = st.builds(
    SnapshotMetadata,
    st.lists(texts, max_size=3).map(tuple),
    finite,
    finite,
    st.none() | finite,
    st.dictionaries(names, st.lists(integers, max_size=3).map(tuple), max_size=3),
    st.booleans(),
    texts,
)
requests = st.one_of(
    st.builds(
        mmp.RegisterInstance,
        texts,
        st.lists(texts, max_size=3).map(tuple),
        st.lists(ports, max_size=3).map(tuple),
        texts,
    ),
    *(
        st.builds(kind, texts)
        for kind in (
            mmp.GetPeers,
            mmp.DeregisterInstance,
            mmp.GetCheckpointInfo,
            mmp.IsDeadlocked,
            mmp.AwaitPeers,
            mmp.AwaitCheckpointRequest,
        )
    ),
    st.just(mmp.GetSettings()),
    st.builds(mmp.SubmitLogMessage, st.builds(LogRecord, texts, finite, integers, texts)),
    st.builds(mmp.SubmitProfileEvents, texts, st.lists(events, max_size=3).map(tuple)),
    st.builds(mmp.SubmitSnapshot, texts, metadata),
    st.builds(mmp.ReportSnapshotFailed, texts, texts),
    st.builds(mmp.ReportFailed, texts, texts, st.none() | st.sampled_from(FailureKind)),
    st.builds(mmp.WaitingForReceive, waits),
    st.builds(mmp.WaitingForReceiveDone, waits),
    st.builds(
        lambda instance, time, wait: mmp.ReportStatus(
            instance, time, wait and wait._replace(instance=instance)
        ),
        texts,
        st.none() | finite,
        st.none() | waits,
    ),
)
moments = st.floats(allow_nan=False, allow_infinity=False)
at_rules = st.builds(CheckpointAtRule, st.lists(moments, max_size=3).map(tuple))
range_rules = st.builds(
    CheckpointRangeRule, st.floats(1e-9, 1e9), st.none() | moments, st.none() | finite
)
rules = st.lists(at_rules | range_rules, max_size=3).map(tuple)
checkpoint_infos = st.builds(
    CheckpointInfo,
    finite,
    st.builds(Checkpoints, st.booleans(), rules, rules),
    st.none() | texts,
    st.none() | texts,
    st.booleans(),
    st.booleans(),
)
references = st.lists(names, min_size=2, max_size=3).map(Reference)
instances = st.tuples(names, st.lists(st.integers(0, 9), max_size=2)).map(
    lambda parts: Reference([parts[0], *parts[1]])
)
filters = st.sampled_from([(), (ConduitFilter.LAST,), tuple(ConduitFilter)])
peer_infos = st.builds(
    PeerInfo,
    st.just(Reference("me[1]")),
    st.lists(st.builds(Conduit, references, references, filters), max_size=3).map(tuple),
    st.dictionaries(instances, st.lists(st.integers(0, 9), max_size=3).map(tuple), max_size=3),
    st.dictionaries(instances, st.lists(texts, max_size=2).map(tuple), max_size=3),
    st.lists(st.builds(Port, names, st.sampled_from(Operator), texts), max_size=3).map(tuple),
)


def by_name(payload: RecordedPayload) -> str:
    return payload.name


@given(requests)
def test_any_request_arrives_as_it_was_sent(request_: mmp.Request):
    received = mmp.decode_request(mmp.encode_request(request_))
    assert received == request_
    assert type(received) is type(request_)


@given(checkpoint_infos)
def test_any_checkpoint_information_arrives_as_it_was_sent(info: CheckpointInfo):
    response = mmp.encode_success(*mmp.encode_checkpoint_info(info))
    assert mmp.decode_checkpoint_info(mmp.decode_response(response)[1]) == info


@given(peer_infos)
def test_any_peers_arrive_as_they_were_sent(info: PeerInfo):
    response = mmp.encode_success(*mmp.encode_peers(info))
    assert mmp.decode_peers(info.instance, mmp.decode_response(response)[1]) == info


@given(peer_infos)
def test_peers_of_the_older_dialect_lose_filters_and_timelines_only(info: PeerInfo):
    found = mmp.decode_peers(info.instance, mmp.encode_peers(info, dialect_0_10=True))
    assert found.conduits == tuple(Conduit(c.sender, c.receiver) for c in info.conduits)
    assert found.ports == tuple(Port(port.name, port.operator) for port in info.ports)
    assert found.locations == info.locations


def test_the_table_has_every_request_under_its_number():
    assert {code for code in mmp.REQUESTS if code < 64} == set(range(1, 12))
    assert len(set(mmp.REQUESTS.values())) == len(mmp.REQUESTS)


@pytest.mark.parametrize("payload", REQUESTS, ids=by_name)
def test_requests_are_muscle3s_to_the_byte(payload: RecordedPayload):
    assert mmp.encode_request(mmp.decode_request(payload.payload)) == payload.payload


@pytest.mark.parametrize("payload", RESPONSES, ids=by_name)
def test_responses_are_muscle3s_to_the_byte(payload: RecordedPayload):
    request_ = mmp.decode_request(payload.request)
    status, values = mmp.decode_response(payload.payload)
    if status is mmp.Status.SUCCESS:
        assert mmp.encode_success(*_again(request_, values, payload.version)) == payload.payload
    elif status is mmp.Status.ERROR:
        assert mmp.encode_error(values[0]) == payload.payload
    else:
        assert mmp.encode_pending(values[0]) == payload.payload


def _again(request_: mmp.Request, values: list, version: str) -> list[object]:
    """Decode the values of a response, and encode them once more."""
    match request_:
        case mmp.GetPeers(instance):
            found = mmp.decode_peers(Reference(instance), values)
            return mmp.encode_peers(found, dialect_0_10=version.startswith("0.10"))
        case mmp.GetSettings():
            return [mmp.decode_settings(values[0]).as_dict()]
        case mmp.GetCheckpointInfo():
            return mmp.encode_checkpoint_info(mmp.decode_checkpoint_info(values))
        case mmp.RegisterInstance():
            return [str(value) for value in values]
        case mmp.IsDeadlocked():
            return [bool(values[0])]
        case _:
            assert values == []
            return []


@pytest.mark.parametrize("payload", REQUESTS[::5], ids=by_name)
def test_a_request_cut_short_anywhere_is_refused(payload: RecordedPayload):
    for length in range(len(payload.payload)):
        with pytest.raises(RemoteProtocolError):
            mmp.decode_request(payload.payload[:length])


@pytest.mark.parametrize("payload", RESPONSES[::5], ids=by_name)
def test_a_response_cut_short_anywhere_is_refused(payload: RecordedPayload):
    for length in range(len(payload.payload)):
        with pytest.raises(RemoteProtocolError):
            mmp.decode_response(payload.payload[:length])


def test_what_follows_a_request_or_response_is_refused():
    with pytest.raises(RemoteProtocolError):
        mmp.decode_request(mmp.encode_request(mmp.GetSettings()) + b"\0")
    with pytest.raises(RemoteProtocolError):
        mmp.decode_response(mmp.encode_success() + b"\0")


EVENT = [2, 10, 20, ["out", "O_I"], None, None, 0, 100, 1.5]


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        "text",
        [None],
        ["1"],
        [0],
        [12],
        [63],
        [1],
        [1, "a", [], [["p"]], "0.11.0"],
        [1, "a", [], [["p", "X"]], "0.11.0"],
        [1, "a", [], [["p", 5]], "0.11.0"],
        [1, "a", [5], [], "0.11.0"],
        [1, "a", None, [], "0.11.0"],
        [1, "a", [], [], 11],
        [2],
        [2, None],
        [2, "a", "b"],
        [4, "a"],
        [5, "a", "now", 20, "text"],
        [5, "a", 0.0, math.inf, "text"],
        [5, "a", 0.0, math.nan, "text"],
        [5, "a", 0.0, 20, b"text"],
        [6, "a", 5],
        [6, "a", [5]],
        [6, "a", [[]]],
        *(
            [6, "a", [[*EVENT[:place], wrong, *EVENT[place + 1 :]]]]
            for place, wrong in [
                (0, 99),
                (0, "2"),
                (1, math.inf),
                (2, None),
                (3, []),
                (3, ["out"]),
                (3, ["out", "X"]),
                (3, 7),
                (4, "long"),
                (5, []),
                (6, 1.5),
                (7, {}),
                (8, "late"),
            ]
        ),
        [6, "a", [[*EVENT, 0]]],
        [7, "a", {}],
        [7, "a", None],
        [9, "a", "b", "p"],
        [9, "a", "b", "p", "slot"],
        [9, "a", "b", "p", math.inf],
        [65, "a", "soon", None],
        [65, "a", 0.0, []],
        [65, "a", 0.0, 5],
    ],
)
def test_a_request_that_makes_no_sense_is_refused(values: object):
    with pytest.raises(RemoteProtocolError):
        mmp.decode_request(pack(values))


def test_a_deeply_nested_argument_is_refused():
    for depth in (100, 900, 980, 1000, 1015):
        with pytest.raises(RemoteProtocolError):
            mmp.decode_request(b"\x92\x02" + b"\x91" * depth + b"\xc0")


@pytest.mark.parametrize("values", [None, [], [3], ["0"], {}, 0, [None], [[[]]]])
def test_a_response_that_makes_no_sense_is_refused(values: object):
    with pytest.raises(RemoteProtocolError):
        mmp.decode_response(pack(values))


@pytest.mark.parametrize(
    "values",
    [
        [],
        [[], {}, {}],
        [[], {}, {}, [], 0],
        [[["a.b"]], {}, {}, []],
        [[["a.b", "c.d", "no such filter"]], {}, {}, []],
        [[["a.b", "c.d", "repeat last"]], {}, {}, []],
        [[["a b", "c.d", ""]], {}, {}, []],
        [[], {"a": 5}, {}, []],
        [[], [], {}, []],
        [[], {}, {"a": [5]}, []],
        [[], {}, {"": []}, []],
        [[], {}, {}, [["p"]]],
        [None, None, None, None],
    ],
)
def test_peers_that_make_no_sense_are_refused(values: list[object]):
    with pytest.raises(RemoteProtocolError):
        mmp.decode_peers(Reference("a"), values)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [0.0, {}, None, None],
        [0.0, {"at_end": True, "wallclock_time": [{}], "simulation_time": []}, None, None],
        [0.0, {"at_end": True, "wallclock_time": 5, "simulation_time": []}, None, None],
        [0.0, {"at_end": True, "wallclock_time": [5], "simulation_time": []}, None, None],
        [0.0, [], None, None],
        [
            0.0,
            {
                "at_end": True,
                "wallclock_time": [{"every": 0.0, "start": None, "stop": None}],
                "simulation_time": [],
            },
            None,
            None,
        ],
        [
            0.0,
            {
                "at_end": True,
                "wallclock_time": [{"every": "x", "start": None, "stop": None}],
                "simulation_time": [],
            },
            None,
            None,
        ],
    ],
)
def test_checkpoints_that_make_no_sense_are_refused(values: list[object]):
    with pytest.raises(RemoteProtocolError):
        mmp.decode_checkpoint_info(values)


@pytest.mark.parametrize("value", [None, [], 5, {"3": 4}, {"a b": 1}])
def test_settings_that_make_no_sense_are_refused(value: object):
    with pytest.raises(RemoteProtocolError):
        mmp.decode_settings(value)


@given(st.binary(max_size=80))
def test_no_bytes_do_harm(data: bytes):
    for decode in (mmp.decode_request, mmp.decode_response):
        with contextlib.suppress(RemoteProtocolError):
            decode(data)


@given(st.data())
def test_no_change_to_what_muscle3_sent_does_harm(data: st.DataObject):
    payload = bytearray(data.draw(st.sampled_from(REQUESTS)).payload)
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RemoteProtocolError):
        mmp.decode_request(bytes(payload))


def test_our_instances_call_themselves_muscle3_with_an_addition():
    assert mmp.DIALECT_OF_MUSCLE3 == "0.11.0"
    assert unpack(mmp.encode_request(mmp.RegisterInstance("a", (), (), "0.11.0")))[-1] == "0.11.0"


@pytest.mark.parametrize(
    "request_with",
    [
        lambda text: mmp.SubmitLogMessage(LogRecord("a", 0.0, 40, text)),
        lambda text: mmp.ReportFailed("a", text),
        lambda text: mmp.ReportSnapshotFailed("a", text),
    ],
)
def test_what_is_no_text_in_the_words_of_an_error_is_escaped(request_with):
    sent = mmp.encode_request(request_with("no file caf\udce9"))
    assert mmp.decode_request(sent) == request_with("no file caf\\udce9")


def test_failure_without_a_kind_is_decoded():
    assert mmp.decode_request(pack([68, "a", "why"])) == mmp.ReportFailed("a", "why", None)


@pytest.mark.parametrize("kind", ["fate", 1, None])
def test_unknown_failure_kind_is_rejected(kind):
    with pytest.raises(RemoteProtocolError):
        mmp.decode_request(pack([68, "a", "why", kind]))
