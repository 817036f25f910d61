"""Consistency of the snapshots of two instances."""

import pytest

from domain.checkpointing.consistency import (
    Connection,
    SnapshotNode,
    calc_consistency,
    calc_consistency_list,
    safe_get,
)
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.identity import Reference

MACRO = Reference("macro")
MICRO = Reference("micro")
TO_MICRO = Connection("out", "init", is_sending=True)
FROM_MICRO = Connection("in", "final", is_sending=False)


def node(num, instance, peers, **counts):
    snapshot = SnapshotMetadata((), 0.0, float("nan"), None, counts, False, f"{instance}_{num}")
    return SnapshotNode(num, Reference(instance), snapshot, map(Reference, peers))


@pytest.mark.parametrize(
    ("num1", "num2", "first_is_sent", "num2_is_restart", "expected"),
    [
        (3, 3, True, False, True),
        (3, 3, False, False, True),
        (0, 0, True, True, True),
        (3, 4, True, False, True),
        (4, 3, True, False, False),
        (4, 3, False, False, True),
        (3, 4, False, False, False),
        (3, 5, True, False, False),
        (5, 3, False, False, False),
        (1, 0, False, True, False),
        (1, 0, True, True, False),
    ],
)
def test_receiver_may_be_one_message_ahead_unless_the_sender_restarts(
    num1, num2, first_is_sent, num2_is_restart, expected
):
    assert calc_consistency(num1, num2, first_is_sent, num2_is_restart) is expected


def test_count_lists_are_compared_by_slot_and_missing_slots_count_zero():
    assert calc_consistency_list([2, 3], [2, 4], True, False)
    assert not calc_consistency_list([2, 3], [2, 5], True, False)
    assert calc_consistency_list([2], [2, 1], True, False)
    assert not calc_consistency_list([2, 1], [2], True, False)
    assert calc_consistency_list([], [], True, True)


def test_safe_get_returns_the_default_out_of_range():
    assert safe_get([1, 2], 1, 7) == 2
    assert safe_get([1, 2], 2, 7) == 7
    assert safe_get([1, 2], -1, 7) == 7


def test_consistency_is_recorded_at_both_nodes():
    macro = node(1, "macro", ["micro"], out=(2,), **{"in": (2,)})
    micro = node(4, "micro", ["macro"], init=(2,), final=(2,))
    assert not macro.consistent
    assert macro.do_consistency_check(micro, [TO_MICRO, FROM_MICRO])
    assert macro.consistent
    assert micro.consistent
    assert macro.consistent_peers == {MICRO: [micro]}
    assert micro.consistent_peers == {MACRO: [macro]}


def test_every_conduit_must_be_consistent():
    macro = node(1, "macro", ["micro"], out=(2,), **{"in": (1,)})
    micro = node(4, "micro", ["macro"], init=(2,), final=(2,))
    assert not macro.do_consistency_check(micro, [TO_MICRO, FROM_MICRO])
    assert not macro.consistent
    assert not micro.consistent_peers


def test_vector_port_is_compared_at_the_slot_of_the_peer():
    macro = node(1, "macro", ["micro[0]", "micro[1]"], out=(2, 3))
    first = node(1, "micro[0]", ["macro"], init=(2,))
    second = node(1, "micro[1]", ["macro"], init=(2,))
    assert macro.do_consistency_check(first, [TO_MICRO])
    assert not macro.do_consistency_check(second, [TO_MICRO])
    assert not macro.consistent
    back = Connection("init", "out", is_sending=False)
    assert first.do_consistency_check(macro, [back])
    assert not second.do_consistency_check(macro, [back])


def test_resizable_port_is_compared_in_all_slots():
    maker = node(1, "maker", ["taker"], parts=(2, 3))
    connection = Connection("parts", "parts", is_sending=True)
    assert maker.do_consistency_check(node(1, "taker", ["maker"], parts=(2, 3, 1)), [connection])
    assert not maker.do_consistency_check(node(2, "taker", ["maker"], parts=(2,)), [connection])


@pytest.mark.parametrize("scratch_first", [False, True])
def test_receiver_may_not_be_ahead_of_a_sender_from_scratch(scratch_first):
    sender = SnapshotNode.from_scratch(MACRO, [MICRO])
    ahead = node(1, "micro", ["macro"], init=(1,))
    if scratch_first:
        assert not sender.do_consistency_check(ahead, [TO_MICRO])
    else:
        back = Connection("init", "out", is_sending=False)
        assert not ahead.do_consistency_check(sender, [back])
    assert sender.do_consistency_check(SnapshotNode.from_scratch(MICRO, [MACRO]), [TO_MICRO])


def test_receiver_starts_from_scratch_only_if_nothing_was_sent():
    scratch = SnapshotNode.from_scratch(MICRO, [MACRO])
    assert node(1, "macro", ["micro"], out=(0,)).do_consistency_check(scratch, [TO_MICRO])
    assert not node(2, "macro", ["micro"], out=(1,)).do_consistency_check(scratch, [TO_MICRO])
