import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coupling.conduits import Conduit
from domain.coupling.grid import Grid
from domain.coupling.messages import Milestone
from domain.coupling.peers import Endpoint, PeerInfo, peer_endpoint, slots_between
from domain.coupling.ports import Operator, Port, PortState
from domain.errors import PortError
from domain.identity import Reference
from domain.model.topology import Topology, wiring_problem
from tests.support.models import configuration

shapes = st.lists(st.integers(1, 3), max_size=2).map(tuple)


def info(me: str, dimensions: dict[str, tuple[int, ...]], *conduits: tuple[str, str]) -> PeerInfo:
    return PeerInfo(
        Reference(me),
        tuple(Conduit(Reference(a), Reference(b)) for a, b in conduits),
        {Reference(name): shape for name, shape in dimensions.items()},
        {},
    )


@pytest.mark.parametrize(
    ("me", "slot", "peer", "expected"),
    [
        ("a", None, (), "p.in"),
        ("a[2]", None, (3,), "p[2].in"),
        ("a[2]", None, (), "p.in[2]"),
        ("a", 2, (3,), "p[2].in"),
        ("a[1]", 2, (3, 4), "p[1][2].in"),
        ("a[1][2]", None, (3,), "p[1].in[2]"),
        ("a", 5, (), "p.in[5]"),
    ],
)
def test_peer_endpoint_follows_from_the_dimensions(me, slot, peer, expected):
    found = peer_endpoint(Reference(me), slot, Reference("p"), peer, "in")
    assert str(found) == expected


@given(shapes, st.sampled_from([0, 1]), st.integers(1, 3), st.data())
def test_both_ends_of_a_conduit_compute_the_same_endpoints(shape, more, size, data):
    """From any end of any conduit, the other end's other end is the first."""
    longer = (*shape, size) if more else shape
    index = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    slot = data.draw(st.integers(0, size - 1)) if more else None
    me = Endpoint(Reference("a") + index, "out", slot)
    assert slots_between(shape, longer) == (size if more else None)
    there = peer_endpoint(me.instance, slot, Reference("b"), longer, "in")
    back = peer_endpoint(there.instance, there.slot, Reference("a"), shape, "out")
    assert back == me


def test_port_length_is_the_last_dimension_of_the_peer():
    peers = info("a[1]", {"b": (2, 7), "c": (2,), "d": ()}, *((f"a.{n}", f"{n}.in") for n in "bcd"))
    assert [peers.port_length(name) for name in "bcd"] == [7, None, None]
    assert [peers.has_equal_dimensions(name) for name in "bcd"] == [False, True, False]


def test_dimensions_that_differ_too_much_are_rejected():
    with pytest.raises(PortError, match="may differ by at most one"):
        info("a", {"b": (2, 3)}, ("a.p", "b.in")).port_length("p")


def test_port_connected_to_sets_of_different_sizes_is_rejected():
    peers = info("a", {"b": (2,), "c": (3,)}, ("a.p", "b.in"), ("a.p", "c.in"))
    with pytest.raises(PortError, match="different multiplicity"):
        peers.port_length("p")


def test_conduit_to_the_same_component_is_attached_at_both_ends():
    peers = info("a", {"a": ()}, ("a.out", "a.in"))
    (conduit,) = peers.conduits_at("out")
    assert peers.conduits_at("in") == [conduit]


def test_peers_of_an_instance_of_a_set_have_matching_indices():
    made = configuration(
        "a o_i -> b f_init\nb o_f -> a s\nb o_i -> c f_init\nlonely",
        sizes={"a": (2,), "b": (2, 3), "c": (2, 3)},
    )
    topology = Topology(made.model)

    def peers(name: str) -> list[str]:
        return [str(peer) for peer in topology.peer_instances(Reference(name))]

    assert peers("a[1]") == ["b[1][0]", "b[1][1]", "b[1][2]"]
    assert peers("b[1][2]") == ["a[1]", "c[1][2]"]
    assert peers("lonely") == []


@pytest.mark.parametrize(
    ("sizes", "fits"),
    [
        ({}, True),
        ({"b": (3,)}, True),
        ({"a": (3,), "b": (3,)}, True),
        ({"a": (2, 3), "b": (2,)}, True),
        ({"b": (2, 3)}, False),
        ({"a": (2,), "b": (3,)}, False),
        ({"a": (2,), "b": (3, 2)}, False),
    ],
)
def test_components_can_be_connected_if_one_has_one_more_last_dimension(sizes, fits):
    model = configuration("a o_i -> b f_init", sizes=sizes).model
    problem = wiring_problem(
        model.conduits[0], model.components[Reference("a")], model.components[Reference("b")]
    )
    assert (problem is None) == fits
    assert fits or "multiplicity" in problem


def test_port_gets_its_length_and_closes_slot_by_slot():
    port = PortState(Port("p", Operator.S), is_connected=True, length=0, is_resizable=True)
    assert port.slots() == []
    port.set_length(2)
    port.close(0)
    assert (port.is_open(0), port.is_open(1), port.open_slots()) == (False, True, [1])
    port.set_length(1)
    assert not port.open_slots()
    port.set_length(3)
    assert port.message_counts == [0, 0, 0]
    assert port.is_open(2)


def test_scalar_port_has_one_slot_that_is_none():
    port = PortState(Port("p", Operator.S), is_connected=True, length=None)
    assert port.slots() == [None]
    port.close()
    assert not port.open_slots()


@pytest.mark.parametrize("operator", Operator)
def test_each_operator_either_sends_or_receives(operator: Operator):
    assert operator.allows_sending != operator.allows_receiving


def test_grid_has_a_name_for_each_axis_or_no_names():
    import numpy as np

    assert Grid(np.zeros((2, 3)), []).indexes is None
    assert Grid(np.zeros((2, 3)), ["x", "y"]) == Grid(np.zeros((2, 3)), ("x", "y"))
    assert Grid(np.zeros(2)) != Grid(np.zeros(2), ["x"])
    assert Grid(np.zeros(2)) != Grid(np.ones(2))
    with pytest.raises(ValueError, match="one index name for each axis"):
        Grid(np.zeros((2, 3)), ["x"])


def test_empty_milestone_closes_the_port():
    assert Milestone(()).closes_port
    assert not Milestone((0,)).closes_port
