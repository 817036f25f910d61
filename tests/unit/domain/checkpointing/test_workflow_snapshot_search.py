"""The search for workflow snapshots, compared with an exhaustive search."""

from itertools import product, zip_longest

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from domain.checkpointing.consistency import Connection, SnapshotNode
from domain.checkpointing.instance_snapshot import SnapshotMetadata, filled_port, reduced_port
from domain.checkpointing.workflow_snapshot_search import WorkflowSnapshotSearch
from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.filters import filters_of
from domain.coupling.peers import peer_endpoint, slots_between
from domain.coupling.ports import Operator, Port
from domain.identity import Reference
from domain.model.configuration import Component, Model
from domain.model.topology import Topology, wiring_problem

NAMES = "abcd"


def make_model(multiplicities, conduits, callers=None):
    """Return a model with F_INIT and O_F ports only; callers maps components to their callers."""
    callers = callers or {}
    components = {
        Reference(name): Component(
            Reference(name),
            ports_at(name, conduits),
            Reference("p"),
            tuple(shape),
            f"root:{callers[name]}:{name}" if name in callers else name,
        )
        for name, shape in multiplicities.items()
    }
    return Model(Reference("m"), components, tuple(conduits))


def ports_at(name, conduits):
    sent = [item.sending_port for item in conduits if item.sending_component == Reference(name)]
    received = [
        item.receiving_port for item in conduits if item.receiving_component == Reference(name)
    ]
    return {
        **{port: Port(port, Operator.O_F) for port in sent},
        **{port: Port(port, Operator.F_INIT) for port in received},
    }


def conduit(sender, receiver, *filters):
    return Conduit(Reference(sender), Reference(receiver), tuple(filters))


def snapshot(counts, name="x"):
    return SnapshotMetadata(("t",), 0.0, float("nan"), None, counts, False, name)


class Exhaustive:
    """Tries all combinations, with consistency defined as documented."""

    def __init__(self, model):
        self._model = model
        self._topology = Topology(model)
        self._nodes = {
            name: [SnapshotNode.from_scratch(name, self._topology.peer_instances(name))]
            for name in model.instances()
        }

    def add(self, instance, number, snapshot):
        peers = self._topology.peer_instances(instance)
        node = SnapshotNode(number, instance, snapshot, peers)
        self._nodes[instance].append(node)
        return node

    def cuts_with(self, new):
        """Yield every consistent combination that contains the new snapshot."""
        choices = [[new] if name == new.instance else nodes for name, nodes in self._nodes.items()]
        for cut in product(*choices):
            if self.is_consistent(cut):
                yield {node.instance: node.num for node in cut}

    def node(self, instance, number):
        return next(node for node in self._nodes[instance] if node.num == number)

    def is_consistent(self, cut):
        by_name = {node.instance: node for node in cut}
        return all(
            node.do_consistency_check(by_name[peer], self._connections(node.instance, peer))
            for node in cut
            for peer in node.peers
        ) and all(self._keep_pace(by_name, item) for item in self._model.conduits)

    def _keep_pace(self, by_name, item):
        """Return whether receivers satisfy the bounds of a filter that is paced by callers."""
        pacing = self._topology.pacing_conduit(item)
        if pacing is None:
            return True
        filled = filled_port(item)
        for sender, sent_slot, receiver, received_slot in self._ways(by_name, item):
            is_one = sent_slot is None and received_slot is None
            received = counts_at(receiver, item.receiving_port, received_slot, whole=is_one)
            says = filled in receiver.snapshot.port_message_counts
            full = counts_at(receiver, filled, received_slot, whole=is_one) if says else received
            sent = counts_at(sender, reduced_port(item), sent_slot, whole=is_one)
            ahead = 0 if sender.num == 0 else 1
            for passed, taken, last in zip_longest(sent, received, full, fillvalue=0):
                if passed > taken or last > passed + ahead:
                    return False
            (taken,) = counts_at(receiver, item.receiving_port, received_slot, whole=False)
            for caller in self._callers(by_name, pacing, sender.instance):
                (begun,) = counts_at(caller, pacing.receiving_port, 0, whole=False)
                if taken > begun + (0 if caller.num == 0 else 1):
                    return False
        return True

    def _ways(self, by_name, item):
        """Yield sender and slot, receiver and slot, for each connection of a conduit."""
        own = self._model.components[item.sending_component].multiplicity
        peer = self._model.components[item.receiving_component].multiplicity
        slots = slots_between(own, peer)
        for node in by_name.values():
            if node.instance.without_trailing_ints() == item.sending_component:
                for slot in [None] if slots is None else range(slots):
                    end = peer_endpoint(node.instance, slot, item.receiving_component, peer, "p")
                    yield node, slot, by_name[end.instance], end.slot

    @staticmethod
    def _callers(by_name, pacing, instance):
        for name, node in by_name.items():
            if name.without_trailing_ints() == pacing.receiving_component:
                both = zip(name.indices, instance.indices, strict=False)
                if all(theirs == own for theirs, own in both):
                    yield node

    def _connections(self, own, peer):
        own, peer = own.without_trailing_ints(), peer.without_trailing_ints()
        for item in self._topology.conduits_of(own):
            if self._topology.pacing_conduit(item) is not None:
                continue
            port = reduced_port(item) if filters_of(item).reduces else item.sending_port
            if (item.sending_component, item.receiving_component) == (own, peer):
                yield Connection(port, item.receiving_port, is_sending=True)
            if (item.sending_component, item.receiving_component) == (peer, own):
                yield Connection(item.receiving_port, port, is_sending=False)


def counts_at(node, port, slot, *, whole):
    """Return the message counts of a snapshot at a port: for each slot, or for one of them."""
    counts = node.snapshot.port_message_counts.get(port, ())
    return counts if whole else ((*counts, *[0] * 9)[slot or 0],)


@st.composite
def models(draw):
    count = draw(st.integers(2, 3))
    shapes = st.sampled_from([(), (), (2,)])
    multiplicities = {name: draw(shapes) for name in NAMES[:count]}
    pairs = [(a, b) for a in multiplicities for b in multiplicities if a != b]
    filters = st.sampled_from([(), *[(ConduitFilter.LAST,)] * 2, (ConduitFilter.REPEAT,)])
    conduits = []
    for number, (a, b) in enumerate(draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=4))):
        # sometimes one sending port has two receivers
        port = draw(st.sampled_from([f"out{number}", "out"]))
        item = conduit(f"{a}.{port}", f"{b}.in{number}", *draw(filters))
        conduits.append(item)
    model = make_model(multiplicities, conduits)
    fits = [
        wiring_problem(
            item,
            model.components[item.sending_component],
            model.components[item.receiving_component],
        )
        is None
        for item in conduits
    ]
    callers = {
        name: draw(st.sampled_from([other for other in multiplicities if other != name]))
        for name in multiplicities
        if draw(st.sampled_from([True, True, False]))
    }
    return make_model(
        multiplicities, [item for item, fit in zip(conduits, fits, strict=True) if fit], callers
    )


def ports_of(model, instance):
    component = instance.without_trailing_ints()
    for item in model.conduits:
        if item.sending_component == component:
            yield reduced_port(item) if filters_of(item).reduces else item.sending_port, item
        if item.receiving_component == component:
            yield item.receiving_port, item


def draw_counts(data, model, instance, before, lowest, *, says_filled):
    counts = dict(before)
    own = model.components[instance.without_trailing_ints()].multiplicity
    for port, item in ports_of(model, instance):
        ends = {item.sending_component, item.receiving_component}
        peers = ends - {instance.without_trailing_ints()}
        peer = model.components[peers.pop()].multiplicity
        width = peer[-1] if len(peer) > len(own) else data.draw(st.integers(1, 2))
        old = counts.get(port, ())
        width = max(width, len(old))
        old = (*old, *(0 for _ in range(width - len(old))))
        counts[port] = tuple(
            max(0, value + data.draw(st.sampled_from([0, 1, 1, 1, 2, lowest]))) for value in old
        )
        if says_filled and port == item.receiving_port and filters_of(item).reduces:
            full = (*before.get(filled_port(item), ()), *[0] * width)
            counts[filled_port(item)] = tuple(
                data.draw(st.sampled_from([new, min(new, was)]))
                for new, was in zip(counts[port], full, strict=False)
            )
    return counts


def run_both(data, lowest):
    model = data.draw(models())
    search = WorkflowSnapshotSearch(Topology(model))
    exhaustive = Exhaustive(model)
    instances = list(model.instances())
    counts = {name: {} for name in instances}
    # MUSCLE3's library does not count which received messages were not empty
    filling = data.draw(st.sets(st.sampled_from(instances)))
    for number in range(1, data.draw(st.integers(1, 9)) + 1):
        instance = data.draw(st.sampled_from(instances))
        counts[instance] = draw_counts(
            data, model, instance, counts[instance], lowest, says_filled=instance in filling
        )
        new = snapshot(counts[instance], f"{instance}_{number}")
        node = exhaustive.add(instance, number, new)
        yield exhaustive, node, search.add(instance, number, new)


@settings(max_examples=150)
@given(st.data())
def test_newest_workflow_snapshot_is_found_if_and_only_if_it_exists(data):
    for exhaustive, node, found in run_both(data, lowest=0):
        expected = list(exhaustive.cuts_with(node))
        event(f"found: {found is not None}")
        if found is None:
            assert not expected
        else:
            numbers = {item.instance: item.number for item in found.snapshots}
            numbers.update(dict.fromkeys(found.from_scratch, 0))
            newest = {name: max(cut[name] for cut in expected) for name in numbers}
            assert numbers == newest
            assert newest in expected


@settings(max_examples=100)
@given(st.data())
def test_found_workflow_snapshot_is_consistent_even_if_counts_decrease(data):
    for exhaustive, _, found in run_both(data, lowest=-2):
        if found is not None:
            nodes = [exhaustive.node(item.instance, item.number) for item in found.snapshots]
            scratch = [exhaustive.node(name, 0) for name in found.from_scratch]
            assert exhaustive.is_consistent([*nodes, *scratch])


MACRO_MICRO = make_model(
    {"macro": (), "micro": ()},
    [conduit("macro.out", "micro.init"), conduit("micro.final", "macro.in")],
)


def add(search, instance, number, **counts):
    found = search.add(Reference(instance), number, snapshot(counts))
    return found and {str(item.instance): item.number for item in found.snapshots}


def test_snapshots_older_than_the_newest_workflow_snapshot_are_dropped():
    search = WorkflowSnapshotSearch(Topology(MACRO_MICRO))
    for number in range(1, 100):
        assert add(search, "macro", number, out=(number,), **{"in": (number,)}) is None
        assert add(search, "micro", number, init=(number,), final=(number,)) == {
            "macro": number,
            "micro": number,
        }
        assert len(search) == 2


def test_snapshots_that_can_never_match_are_dropped():
    search = WorkflowSnapshotSearch(Topology(MACRO_MICRO))
    for number in range(1, 100):
        odd, even = 4 * number + 2, 4 * number
        assert add(search, "macro", number, out=(odd,), **{"in": (odd,)}) is None
        assert add(search, "micro", number, init=(even,), final=(even,)) is None
        assert len(search) <= 2


def test_snapshots_that_chase_each_other_around_a_cycle_are_dropped():
    model = make_model(
        dict.fromkeys("abc", ()),
        [conduit("a.out", "b.in"), conduit("b.out", "c.in"), conduit("c.out", "a.in")],
    )
    search = WorkflowSnapshotSearch(Topology(model))
    for number in range(1, 100):
        n = 10 * number
        assert add(search, "a", number, out=(n,), **{"in": (n,)}) is None
        assert add(search, "b", number, out=(n,), **{"in": (n,)}) is None
        assert add(search, "c", number, out=(n - 10,), **{"in": (n,)}) is None
        assert len(search) <= 3


def test_unconnected_instance_is_in_every_workflow_snapshot():
    model = make_model({"a": (), "b": ()}, [])
    search = WorkflowSnapshotSearch(Topology(model))
    assert add(search, "a", 1) == {"a": 1}
    assert add(search, "b", 1) == {"a": 1, "b": 1}
    assert add(search, "a", 2) == {"a": 2, "b": 1}


def test_copies_of_resumed_snapshots_make_a_workflow_snapshot():
    search = WorkflowSnapshotSearch(Topology(MACRO_MICRO))
    assert add(search, "micro", 1, init=(7,), final=(6,)) is None
    assert add(search, "macro", 1, out=(6,), **{"in": (6,)}) == {"macro": 1, "micro": 1}


def test_instance_whose_counts_restart_is_followed():
    search = WorkflowSnapshotSearch(Topology(MACRO_MICRO))
    add(search, "macro", 1, out=(5,), **{"in": (5,)})
    add(search, "micro", 1, init=(5,), final=(5,))
    assert add(search, "macro", 2, out=(1,), **{"in": (1,)}) is None
    assert add(search, "micro", 2, init=(1,), final=(1,)) is None
    assert add(search, "macro", 3, out=(2,), **{"in": (2,)}) is None
    assert add(search, "micro", 3, init=(2,), final=(2,)) == {"macro": 3, "micro": 3}


def test_snapshot_with_messages_to_itself_in_transit_is_skipped():
    model = make_model({"a": ()}, [conduit("a.out", "a.in")])
    search = WorkflowSnapshotSearch(Topology(model))
    assert add(search, "a", 1, out=(2,), **{"in": (1,)}) is None
    assert add(search, "a", 2, out=(2,), **{"in": (2,)}) == {"a": 2}


def sets_found(micros, rounds, apart):
    """Count the workflow snapshots of a macro model and its micro models."""
    model = make_model({"macro": (), "micro": (micros,)}, MACRO_MICRO.conduits)
    search = WorkflowSnapshotSearch(Topology(model))
    found = 0
    for number in range(1, rounds + 1):
        n = 4 * number
        for index in range(micros):
            found += add(search, f"micro[{index}]", number, init=(n,), final=(n,)) is not None
        both = (n + apart,) * micros
        found += add(search, "macro", number, out=both, **{"in": both}) is not None
    return found


def test_snapshots_that_never_match_make_no_workflow_snapshot():
    assert sets_found(5, 400, apart=2) == 0


@pytest.mark.slow
def test_thousand_instances_make_a_workflow_snapshot_each_time():
    assert sets_found(1000, 20, apart=0) == 20


def test_snapshot_without_reduced_counts_is_ignored():
    reduced = conduit("a.out", "b.in", ConduitFilter.LAST)
    search = WorkflowSnapshotSearch(Topology(make_model({"a": (), "b": ()}, [reduced])))
    assert search.add(Reference("a"), 1, snapshot({"out": (3,)})) is None
    assert search.add(Reference("a"), 2, snapshot({"out": (3,), reduced_port(reduced): (0,)}))


LATE = make_model(
    dict.fromkeys(["macro", "meso", "micro", "log"], ()),
    [
        conduit("macro.out", "meso.init"),
        conduit("meso.out", "micro.init"),
        conduit("micro.final", "log.in", ConduitFilter.LAST),
    ],
    {"micro": "meso"},
)
PASSED, FILLED = (port(LATE.conduits[-1]) for port in (reduced_port, filled_port))


def late_search():
    """Return a search after three calls of `meso`, none of which called `micro`."""
    search = WorkflowSnapshotSearch(Topology(LATE))
    assert add(search, "macro", 1, out=(3,)) is None
    assert add(search, "meso", 1, init=(3,), out=(0,)) == {"macro": 1, "meso": 1}
    return search


def add_log(search, number, *, received, filled):
    counts = {"in": (received,)} | ({} if filled is None else {FILLED: (filled,)})
    return add(search, "log", number, **counts)


@pytest.mark.parametrize(
    ("received", "filled", "fits"),
    [
        (3, 0, True),  # only empty messages, which are sent again
        (3, 1, False),  # an uncalled sender cannot have sent a message that is not empty
        (3, None, False),  # MUSCLE3's library does not count empty messages separately
        (4, 0, True),
        (5, 0, False),  # more empty messages than milestones of the callers
    ],
)
def test_uncalled_sender_starts_from_scratch_if_only_empty_messages_passed(received, filled, fits):
    found = add_log(late_search(), 1, received=received, filled=filled)
    assert found == ({"macro": 1, "meso": 1, "log": 1} if fits else None)


@pytest.mark.parametrize(("filled", "fits"), [(1, True), (2, True), (3, False)])
def test_receiver_may_be_one_message_ahead_and_have_empty_ones_after_it(filled, fits):
    search = WorkflowSnapshotSearch(Topology(LATE))
    add(search, "macro", 1, out=(5,))
    add(search, "meso", 1, init=(5,), out=(1,))
    called = {"init": (1,), PASSED: (1,)}
    add_log(search, 1, received=5, filled=filled)
    found = add(search, "micro", 1, **called)
    assert found == (dict.fromkeys(["macro", "meso", "micro", "log"], 1) if fits else None)


def test_each_instance_of_a_set_keeps_the_pace_of_its_caller():
    shapes = {"macro": (), "meso": (2,), "micro": (2, 2), "log": (2, 2)}
    model = make_model(shapes, LATE.conduits, {"micro": "meso"})
    search = WorkflowSnapshotSearch(Topology(model))
    add(search, "macro", 1, out=(9, 2))
    for number in range(2):
        add(search, f"meso[{number}]", 1, init=((9, 2)[number],), out=(0, 0))
    for name in ("log[0][0]", "log[0][1]"):
        assert add(search, name, 1, **{"in": (9,), FILLED: (0,)})
    assert add(search, "log[1][0]", 1, **{"in": (9,), FILLED: (0,)}) is None
    assert add(search, "log[1][1]", 1, **{"in": (2,), FILLED: (0,)})


CHAIN = make_model(
    {"macro": (), "meso": (), "micro": ()},
    [conduit("macro.out", "meso.in"), conduit("meso.out", "micro.in")],
)


def test_snapshots_are_compared_with_each_other_but_not_with_an_unchecked_instance():
    search = WorkflowSnapshotSearch(Topology(CHAIN), unchecked={Reference("meso")})
    assert add(search, "micro", 1, **{"in": (5,)}) == {"micro": 1}
    assert add(search, "macro", 1, out=(9,)) == {"macro": 1, "micro": 1}


def test_peers_of_an_unchecked_instance_must_fit_their_other_peers():
    search = WorkflowSnapshotSearch(Topology(CHAIN), unchecked={Reference("macro")})
    assert add(search, "meso", 1, **{"in": (9,), "out": (3,)}) is None
    assert add(search, "micro", 1, **{"in": (3,)}) == {"meso": 1, "micro": 1}


def test_unchecked_caller_sets_no_pace_for_a_filter():
    search = WorkflowSnapshotSearch(Topology(LATE), unchecked={Reference("meso")})
    found = add_log(search, 1, received=5, filled=0)
    assert found == {"log": 1}
