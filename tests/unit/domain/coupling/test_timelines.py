"""The rounds of O_I and S, compared with a simple but slow reference model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coupling.ports import Operator, Port, PortState
from domain.coupling.timelines import ReuseLoop, Rounds, Timeline
from domain.errors import CallOrderError

O_I, S, O_F = Operator.O_I, Operator.S, Operator.O_F


def port(name: str, operator: Operator, length: "int | None" = None, timeline: str = ""):
    return PortState(Port(name, operator, timeline), is_connected=True, length=length)


def loop_of(*ports: PortState) -> ReuseLoop:
    return ReuseLoop({item.name: item for item in ports})


class SlowRounds:
    """Lists all actions of a pass, and derives every answer from the whole list."""

    def __init__(self, senders: list, receivers: list) -> None:
        self.slots = {O_I: senders, S: receivers}
        self.done: list[tuple[Operator, object]] = []

    @property
    def size(self) -> int:
        return len(self.slots[O_I]) + len(self.slots[S])

    def allowed(self) -> set[tuple[Operator, object]]:
        begun = self.done[len(self.done) // self.size * self.size :]
        if not self.done:
            # the operator that is used first leads
            return {(op, slot) for op in (O_I, S) for slot in self.slots[op]}
        first = self.done[0][0]
        second = S if first is O_I else O_I
        left = [(first, slot) for slot in self.slots[first] if (first, slot) not in begun]
        if not left:
            left = [(second, slot) for slot in self.slots[second] if (second, slot) not in begun]
        return set(left)


slots = st.lists(st.sampled_from([None, 1, 2]), max_size=2)


@given(slots, slots, st.data())
def test_rounds_alternate_like_the_reference_model(senders, receivers, data):
    ports = [port(f"out{n}", O_I, size) for n, size in enumerate(senders)]
    ports += [port(f"in{n}", S, size) for n, size in enumerate(receivers)]
    if not ports:
        return
    every = [(item.operator, (item.name, slot)) for item in ports for slot in item.slots()]
    slow = SlowRounds(*([place for op, place in every if op is kind] for kind in (O_I, S)))
    rounds = Rounds(ports)
    outer = (4,)
    for _ in range(data.draw(st.integers(0, 3 * len(every)))):
        allowed = slow.allowed()
        for operator, (name, slot) in every:
            may = rounds.may_send if operator is O_I else rounds.may_receive
            assert may(name, slot) == ((operator, (name, slot)) in allowed)
        assert len(rounds.missing_actions()) == len(allowed)
        operator, (name, slot) = data.draw(st.sampled_from(sorted(allowed, key=str)))
        number = len(slow.done) // slow.size
        if operator is O_I:
            assert rounds.send(name, slot, outer) == (4, number)
        else:
            rounds.receive(name, slot, outer, (4, number))
        slow.done.append((operator, (name, slot)))
        assert rounds.is_between_rounds == (len(slow.done) % slow.size == 0)


@given(slots, slots, st.data())
def test_state_of_a_round_is_deduced_from_message_counts(senders, receivers, data):
    ports = [port(f"out{n}", O_I, size) for n, size in enumerate(senders)]
    ports += [port(f"in{n}", S, size) for n, size in enumerate(receivers)]
    every = [(item, slot) for item in ports for slot in item.slots()]
    rounds, counts = Rounds(ports), {item.name: [0] * len(item.slots()) for item in ports}

    def allowed(rounds):
        return {
            (item.name, slot)
            for item, slot in every
            if (rounds.may_send if item.operator is O_I else rounds.may_receive)(item.name, slot)
        }

    for _ in range(data.draw(st.integers(0, 3 * len(every)))):
        item, slot = data.draw(
            st.sampled_from(
                [place for place in every if (place[0].name, place[1]) in allowed(rounds)]
            )
        )
        if item.operator is O_I:
            rounds.send(item.name, slot, (4,))
        else:
            rounds.receive(item.name, slot, (4,), (4, counts[item.name][slot or 0]))
        counts[item.name][slot or 0] += 1
    deduced = Rounds(ports)
    deduced.restore(rounds.deduce(counts, (4,)))
    assert deduced.iteration == rounds.iteration
    assert deduced.is_between_rounds == rounds.is_between_rounds
    if rounds.is_between_rounds:
        assert allowed(deduced) >= allowed(rounds)
    else:
        assert allowed(deduced) == allowed(rounds)


@pytest.mark.parametrize(
    ("counts", "depth", "iteration", "may_send_final"),
    [
        ({}, 1, (), True),
        ({"init": (3,), "final": (2,)}, 2, (2,), True),
        ({"init": (3,), "final": (3,)}, 2, (2,), False),
        ({"init": (3,), "final": (3,)}, 4, (0, 0, 2), False),
    ],
)
def test_iteration_of_the_pass_is_deduced_from_message_counts(
    counts, depth, iteration, may_send_final
):
    ports = {item.name: item for item in (port("init", Operator.F_INIT), port("final", O_F))}
    loop = ReuseLoop(ports, depth=depth)
    loop.restore(loop.deduce(counts))
    assert loop.iteration == iteration
    if may_send_final:
        assert loop.send(ports["final"], None) == iteration
    loop.check_finished()


def test_slot_added_to_a_resizable_port_is_deduced_to_be_in_the_current_round():
    parts = PortState(Port("parts", O_I), is_connected=True, length=2, is_resizable=True)
    loop = loop_of(parts)
    loop.restore(loop.deduce({"parts": (3, 1)}), {"parts": 2})
    assert loop.send(parts, 1) == (3,)


def test_pass_goes_through_its_rounds_and_o_f_before_it_ends():
    out, in_, final = port("out", O_I), port("in", S), port("final", O_F, 2)
    loop = loop_of(out, in_, final)
    loop.start_pass((3,))
    for number in range(4):
        assert loop.send(out, None) == (3, number)
        with pytest.raises(CallOrderError, match="A receive on S port 'in'"):
            loop.send(final, 0)
        loop.expect_receive(in_, None)
        loop.receive(in_, None, (3, number))
    assert loop.send(final, 0) == (3,)
    with pytest.raises(CallOrderError, match=r"A send on O_F port 'final\[1\]'"):
        loop.check_finished()
    loop.send(final, 1)
    loop.check_finished()
    with pytest.raises(CallOrderError, match=r"A call of reuse_instance\(\)"):
        loop.send(final, 1)


def test_ports_cannot_be_used_before_the_first_pass():
    out, in_ = port("out", O_I), port("in", S)
    loop = loop_of(out, in_)
    loop.check_finished()
    for wrong in (lambda: loop.send(out, None), lambda: loop.expect_receive(in_, None)):
        with pytest.raises(CallOrderError, match=r"- A call of reuse_instance\(\)"):
            wrong()


def test_sub_timelines_do_not_wait_for_each_other():
    a, b = port("a", O_I, timeline="one"), port("b", O_I, timeline="two")
    c = port("c", S, timeline="one")
    loop = loop_of(a, b, c)
    loop.start_pass(())
    for number in range(3):
        assert loop.send(b, None) == (number,)
    assert loop.send(a, None) == (0,)
    with pytest.raises(CallOrderError, match="A receive on S port 'c'"):
        loop.check_finished()


def test_sub_timeline_may_be_unused():
    loop = loop_of(port("a", O_I), port("b", S), port("final", O_F))
    loop.start_pass(())
    loop.send(port("final", O_F), None)
    loop.check_finished()


def test_leading_s_port_takes_the_iteration_from_the_message():
    in_, out = port("in", S), port("out", O_I)
    loop = loop_of(in_, out)
    loop.start_pass((1,))
    for iteration in ((1, 0), (1, 5)):
        loop.receive(in_, None, iteration)
        assert loop.send(out, None) == iteration
    with pytest.raises(CallOrderError, match="has been done already"):
        loop.receive(in_, None, (1, 5))


def test_messages_of_one_round_must_be_for_the_same_iteration():
    a, b = port("a", S), port("b", S)
    loop = loop_of(a, b)
    loop.start_pass(())
    loop.receive(a, None, (0,))
    with pytest.raises(CallOrderError, match="in a round with messages for iteration"):
        loop.receive(b, None, (1,))


def test_new_pass_forgets_the_leading_operator():
    out, in_ = port("out", O_I), port("in", S)
    loop = loop_of(out, in_)
    loop.start_pass((0,))
    loop.send(out, None)
    loop.receive(in_, None, (0, 0))
    loop.start_pass((1,))
    loop.expect_receive(in_, None)


def test_unconnected_ports_are_not_part_of_a_round():
    unconnected = PortState(Port("x", S), is_connected=False, length=None)
    loop = loop_of(port("out", O_I), unconnected)
    loop.start_pass(())
    for number in range(3):
        assert loop.send(port("out", O_I), None) == (number,)
    loop.check_finished()


@pytest.mark.parametrize(
    ("text", "depth"), [("", 0), ("macro", 1), ("macro:micro", 2), ("outer.macro:outer.micro", 2)]
)
def test_depth_of_a_timeline_is_its_number_of_parts(text: str, depth: int):
    timeline = Timeline(text)
    assert len(timeline) == depth
    assert str(timeline) == text
    assert {timeline: 1}[Timeline(text)] == 1


def test_error_about_a_skipped_output_shows_how_to_give_it_a_timeline():
    ports = {
        "start": port("start", Operator.F_INIT),
        "boundary": port("boundary", O_I),
        "state": port("state", O_I),
        "forces": port("forces", S),
        "log": port("log", O_I, timeline="rare"),
    }
    loop = ReuseLoop(ports)
    loop.start_pass(())
    loop.send(ports["boundary"], None)
    with pytest.raises(CallOrderError) as caught:
        loop.expect_receive(ports["forces"], None)
    assert "If 'state' may be sent less often than the other ports" in str(caught.value)
    assert str(caught.value).endswith(
        "\n    ports: {f_init: start, o_i: boundary, s: forces, timeline state: {o_i: state},"
        " timeline rare: {o_i: log}}"
    )


def test_order_is_not_checked_with_the_flag_for_models_of_muscle3_0_10():
    boundary, state, forces = port("boundary", O_I), port("state", O_I), port("forces", S)
    final = port("final", O_F)
    ports = {item.name: item for item in (boundary, state, forces, final)}
    loop = ReuseLoop(ports, is_checked=False)
    loop.start_pass((4,))
    assert loop.send(state, None) == (4, 0)
    assert loop.send(boundary, None) == (4, 0)
    assert loop.send(boundary, None) == (4, 1)
    assert loop.expect_receive(forces, None) == (4, 1)
    loop.receive(forces, None, (4, 0))
    loop.receive(forces, None, (4, 1))
    assert loop.send(state, None) == (4, 1)
    assert loop.send(state, None) == (4, 2)
    loop.check_finished()


def test_unchecked_rounds_take_later_iterations_from_messages():
    forces, boundary = port("forces", S), port("boundary", O_I)
    loop = ReuseLoop({item.name: item for item in (forces, boundary)}, is_checked=False)
    loop.start_pass(())
    loop.receive(forces, None, (0,))
    loop.receive(forces, None, (3,))
    assert loop.send(boundary, None) == (3,)
    loop.receive(forces, None, None)
    assert loop.send(boundary, None) == (4,)
