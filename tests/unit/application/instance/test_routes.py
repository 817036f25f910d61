"""Routes between ports, and their state in snapshots."""

import pytest

from application.instance.routes import Route, Routes
from domain.checkpointing.instance_snapshot import SavedMessage
from domain.coupling.conduits import ConduitFilter
from domain.coupling.filters import FilterChain
from domain.coupling.messages import NOT_COUNTED, Milestone, PeerMessage
from domain.coupling.settings import Settings
from domain.errors import PeerLost, PeerUnreachable, TransportError, UnsendableData
from domain.running.failure_kinds import FailureKind, kind_of
from tests.unit.application.instance.exchange import Exchange


class Outlet:
    """Records what is sent."""

    def __init__(self):
        self.sent = []

    def send(self, message):
        if message.data is object:
            raise UnsendableData("data", "it is a class")
        self.sent.append(message)
        return 5


class Transport:
    """Creates outlets and inlets, and records their endpoints."""

    def __init__(self):
        self.outlets, self.inlets = [], []

    def outlet(self, *, sender, receiver, peer_locations):
        self.outlets.append((str(sender), str(receiver), *peer_locations))
        return Outlet()

    def inlet(self, *, sender, receiver, peer_locations):
        self.inlets.append((str(sender), str(receiver), *peer_locations))
        return "inlet"

    def must_drain(self, peer_locations):
        return "muscle3" in peer_locations


def message(data="x", *iteration):
    return PeerMessage(0.0, None, data, Settings(), None, 0, iteration)


def milestone(*iteration):
    return PeerMessage(0.0, None, Milestone(iteration), Settings(), None, NOT_COUNTED, iteration)


def route(filters=""):
    chain = FilterChain(tuple(map(ConduitFilter, filters.split())))
    return Route(Outlet(), "out", "micro.in", chain.reduction(1))


def routes_of(conduits, name, *, depth=1, vectors=(), **sizes):
    """Return the routes of an instance that has not connected, its ports and its transport."""
    member = Exchange(conduits, **sizes).join(name, vectors=vectors)
    transport = Transport()
    routes = Routes(transport=transport, peers=member.peers, ports=member.ports, depth=depth)
    return routes, member.ports, transport


# One route


def test_size_of_a_sent_message_is_returned():
    assert route().send_message(message()) == 5


@pytest.mark.parametrize("action", ["send_message", "hold_back"])
def test_error_for_unsendable_data_names_the_port(action):
    one = route("last")
    data = object if action == "send_message" else (item for item in ())
    with pytest.raises(UnsendableData, match="data cannot be sent on port 'out'"):
        getattr(one, action)(message(data))


def test_saved_milestones_are_those_since_the_last_message():
    one = route()
    one.send_milestone(milestone(0))
    one.send_message(message())
    for number in range(1, 4):
        one.send_milestone(milestone(number))
    (saved,) = one.state(2, is_open=True)
    assert saved == SavedMessage("out", 2, milestone(1), "micro.in", in_a_row=3)


def test_milestones_of_a_slot_that_the_port_has_lost_are_not_saved():
    one = route()
    one.send_milestone(milestone(0))
    assert list(one.state(2, is_open=False)) == []


def test_restored_milestones_are_sent_again():
    one = route()
    one.restore(SavedMessage("out", None, milestone(1), "micro.in", in_a_row=2))
    assert [item.iteration for item in one.outlet.sent] == [(1,), (2,)]


def test_message_held_back_is_saved_and_held_back_again():
    before, after = route("last"), route("last")
    before.hold_back(message("x", 0))
    (saved,) = before.state(None, is_open=True)
    after.restore(saved)
    assert after.outlet.sent == []
    assert after.reduction.end_iteration(Milestone(())).data == "x"


# All routes of an instance


def test_connecting_makes_the_routes_of_all_connected_slots():
    routes, _, transport = routes_of(
        "macro o_i -> micro f_init\nmicro o_f -> macro s", "macro", micro=(2,)
    )
    routes.connect()
    assert transport.outlets == [
        (f"macro.o_i[{slot}]", f"micro[{slot}].f_init", f"memory:micro[{slot}]")
        for slot in range(2)
    ]
    assert transport.inlets == [
        (f"micro[{slot}].o_f", f"macro.s[{slot}]", f"memory:micro[{slot}]") for slot in range(2)
    ]


@pytest.mark.parametrize("slot", [None, 1])
def test_peer_that_refuses_connections_is_a_lost_peer(monkeypatch, slot):
    sizes = {} if slot is None else {"micro": (2,)}
    routes, ports, transport = routes_of("micro o_f -> macro s", "macro", **sizes)

    def refuse(**_):
        raise TransportError("cannot connect (127.0.0.1:1: Connection refused)")

    monkeypatch.setattr(transport, "inlet", refuse)
    for connect in (routes.connect, lambda: routes.into_port(ports["s"], slot)):
        with pytest.raises(
            PeerLost, match=r"peer 'micro.*Did the peer crash\? .*refused"
        ) as caught:
            connect()
        assert kind_of(caught.value) is FailureKind.LOST_PEER


def test_peer_that_no_transport_reaches_is_not_a_lost_peer(monkeypatch):
    routes, _, transport = routes_of("micro o_f -> macro s", "macro")

    def reject(**_):
        raise PeerUnreachable("no common transport")

    monkeypatch.setattr(transport, "inlet", reject)
    with pytest.raises(PeerUnreachable):
        routes.connect()


def test_route_is_made_once():
    routes, ports, transport = routes_of("macro o_i -> micro f_init", "macro")
    first = routes.from_port(ports["o_i"], None)
    assert routes.from_port(ports["o_i"], None) is first
    assert len(transport.outlets) == 1


def test_port_has_a_route_to_each_of_its_receivers():
    routes, ports, _ = routes_of("macro o_i -> micro f_init\nmacro o_i -> other f_init", "macro")
    assert [item.peer for item in routes.from_port(ports["o_i"], None)] == [
        "micro.f_init",
        "other.f_init",
    ]


def test_slot_added_later_gets_a_route():
    routes, ports, transport = routes_of("macro o_i -> micro f_init", "macro", vectors=["o_i"])
    routes.connect()
    assert transport.outlets == []
    ports["o_i"].set_length(1)
    routes.from_port(ports["o_i"], 0)
    assert transport.outlets == [("macro.o_i[0]", "micro.f_init[0]", "memory:micro")]


@pytest.mark.parametrize(("port", "depth"), [("o_i", 2), ("o_f", 1)])
def test_reduced_messages_have_one_counter_less_than_those_of_the_port(port, depth):
    routes, ports, _ = routes_of(f"macro {port} -> last micro f_init", "macro", depth=3)
    (only,) = routes.from_port(ports[port], None)
    assert only.reduction.depth == depth
    assert only.count_key == (f"{port} -> micro.f_init", 0)


def test_source_counts_reduced_messages_by_the_name_of_the_conduit():
    routes, ports, _ = routes_of("macro o_i -> last micro f_init", "micro")
    assert routes.into_port(ports["f_init"], None).count_key == ("f_init <- macro.o_i", 0)


def test_unfiltered_conduit_has_neither_reduction_nor_count():
    conduits = "macro o_i -> repeat micro f_init"
    routes, ports, _ = routes_of(conduits, "macro")
    (only,) = routes.from_port(ports["o_i"], None)
    assert (only.reduction, only.count_key) == (None, None)
    routes, ports, _ = routes_of(conduits, "micro")
    assert routes.into_port(ports["f_init"], None).count_key is None
    assert routes.filters_into(ports["f_init"]).repeats


def test_saved_state_is_restored_to_the_route_of_its_receiver():
    conduits = "macro o_i -> last micro f_init\nmacro o_i -> last other f_init"
    before, ports, _ = routes_of(conduits, "macro")
    before.from_port(ports["o_i"], None)[1].hold_back(message("x", 0))
    (saved,) = before.state()
    after, ports, _ = routes_of(conduits, "macro")
    after.restore(saved)
    held = [item.reduction.state() for item in after.from_port(ports["o_i"], None)]
    assert [len(item) for item in held] == [0, 1]
