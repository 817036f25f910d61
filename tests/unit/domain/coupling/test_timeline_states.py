"""The state of the reuse loop that a snapshot saves."""

import pytest

from domain.coupling.ports import Operator, Port, PortState
from domain.coupling.timelines import ReuseLoop, RoundsState, TimelineState

OUT = ("out", None)
IN = ("in", None)


def make_ports(length=None):
    return {
        "out": PortState(Port("out", Operator.O_I), is_connected=True, length=None),
        "in": PortState(
            Port("in", Operator.S),
            is_connected=True,
            length=length,
            is_resizable=length is not None,
        ),
    }


def loop_after(sends, receives):
    ports = make_ports()
    loop = ReuseLoop(ports)
    loop.start_pass(())
    for step in range(sends):
        assert loop.send(ports["out"], None) == (step,)
        if step < receives:
            loop.receive(ports["in"], None, (step,))
    return loop


def test_completed_round_is_saved_like_in_muscle3():
    assert loop_after(2, 2).state().rounds == {
        "": RoundsState((1,), Operator.O_I, (OUT,), (IN,)),
    }


def test_incomplete_round_is_saved():
    assert loop_after(2, 1).state().rounds == {"": RoundsState((1,), Operator.O_I, (OUT,), ())}


def test_unused_sub_timeline_is_saved_as_unused():
    assert loop_after(0, 0).state().rounds == {"": RoundsState(None, None, (), ())}


@pytest.mark.parametrize(("sends", "receives"), [(0, 0), (1, 0), (1, 1), (3, 3), (3, 2)])
def test_restored_loop_continues_where_it_was_saved(sends, receives):
    before = loop_after(sends, receives).state()
    ports = make_ports()
    loop = ReuseLoop(ports)
    loop.restore(before)
    assert loop.state() == before
    if receives < sends:
        loop.expect_receive(ports["in"], None)
        loop.receive(ports["in"], None, (receives,))
    assert loop.send(ports["out"], None) == (sends,)


def test_completed_round_saved_without_ports_is_restored():
    ports = make_ports()
    loop = ReuseLoop(ports)
    loop.restore(TimelineState((), (), {"": RoundsState((1,), Operator.O_I, (), ())}))
    assert loop.send(ports["out"], None) == (2,)


def test_port_lengths_determine_whether_a_restored_round_is_complete():
    ports = make_ports(length=0)
    loop = ReuseLoop(ports)
    rounds = RoundsState((0,), Operator.O_I, (OUT,), (("in", 0),))
    loop.restore(TimelineState((), (), {"": rounds}), {"in": 2, "out": 1, "gone": 3})
    loop.expect_receive(ports["in"], 1)
    loop.receive(ports["in"], 1, (0,))
    assert loop.send(ports["out"], None) == (1,)
