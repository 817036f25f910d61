import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire.mmp_values import (
    decode_checkpoint_info,
    decode_peers,
    decode_settings,
    encode_checkpoint_info,
    encode_peers,
    without_downgrade,
)
from adapters.wire.packing import pack, unpack
from domain.coupling.conduits import Conduit, ConduitFilter
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
from tests.unit.adapters.wire.wire_values import finite, names

texts = st.text(max_size=12)
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
    # the manager applies it to the locations, and does not send it
    proven=st.just(frozenset()),
)


@given(checkpoint_infos)
def test_checkpoint_information_round_trips(info: CheckpointInfo):
    assert decode_checkpoint_info(unpack(pack(encode_checkpoint_info(info)))) == info


@given(peer_infos)
def test_peers_round_trip(info: PeerInfo):
    assert decode_peers(info.instance, unpack(pack(encode_peers(info)))) == info


@given(peer_infos)
def test_dialect_0_10_of_peers_lacks_filters_and_timelines_only(info: PeerInfo):
    found = decode_peers(info.instance, encode_peers(info, dialect_0_10=True))
    assert found.conduits == tuple(Conduit(c.sender, c.receiver) for c in info.conduits)
    assert found.ports == tuple(Port(port.name, port.operator) for port in info.ports)
    assert found.locations == info.locations


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
def test_invalid_peers_are_rejected(values: list[object]):
    with pytest.raises(RemoteProtocolError):
        decode_peers(Reference("a"), values)


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
def test_invalid_checkpoint_information_is_rejected(values: list[object]):
    with pytest.raises(RemoteProtocolError):
        decode_checkpoint_info(values)


@pytest.mark.parametrize("value", [None, [], 5, {"3": 4}, {"a b": 1}])
def test_invalid_settings_are_rejected(value: object):
    with pytest.raises(RemoteProtocolError):
        decode_settings(value)


PLACES = ("tcp:a:1", "conjoin:a:2", "other:x")


@pytest.mark.parametrize(
    ("proven", "expected"),
    [
        (["macro", "micro"], PLACES[1:]),
        (["macro"], (PLACES[0], PLACES[2])),
        (["micro"], PLACES),
        ([], PLACES),
    ],
    ids=["both proven", "peer not proven", "instance not proven", "neither"],
)
def test_instance_with_the_secret_gets_no_location_for_a_downgrade(proven, expected):
    info = PeerInfo(
        Reference("macro"),
        (),
        {},
        {Reference("micro"): PLACES},
        proven=frozenset(map(Reference, proven)),
    )
    assert without_downgrade(info).locations == {Reference("micro"): expected}
