"""Messages received ahead, repeated, padded, dropped, and saved in a snapshot."""

import pytest

from application.instance.receiver import Receiver, Unreceived
from domain.coupling.messages import Milestone
from domain.coupling.ports import SETTINGS_IN
from domain.errors import PeerLost, PortError
from tests.unit.application.instance.exchange import Exchange

PLAIN = "macro o_i -> micro f_init"
CLOSING = Milestone(())


def receiver_of(member):
    return Receiver(communicator=member.communicator, ports=member.ports)


def milestone(member, *iteration, port="o_i"):
    member.communicator.send_milestone(member.ports[port], Milestone(iteration))


def pair(conduits=PLAIN, *, depth=2, vectors=()):
    """Return a macro instance, and a micro instance with its receiver."""
    exchange = Exchange(conduits)
    micro = exchange.join("micro", depth=depth, vectors=vectors)
    return exchange.join("macro", vectors=vectors), micro, receiver_of(micro)


def passes_nothing_on(milestone):
    pytest.fail(f"passed on {milestone}")


def test_instance_without_ports_receives_nothing():
    exchange = Exchange("lonely")
    receiver = receiver_of(exchange.join("lonely"))
    assert not receiver.has_initial_ports
    assert receiver.receive_ahead(passes_nothing_on) == ()
    assert receiver.initial_messages() == []


def test_iteration_of_a_pass_is_that_of_its_f_init_messages():
    macro, _, receiver = pair()
    for number in range(2):
        macro.send("o_i", number, iteration=(number,))
        assert receiver.receive_ahead(passes_nothing_on) == (number,)
        ((port, message),) = receiver.initial_messages()
        assert (port.name, message.data) == ("f_init", number)


def test_settings_are_received_last():
    exchange = Exchange(f"driver o_i -> micro {SETTINGS_IN}\n{PLAIN}")
    for name in ("driver", "macro"):
        exchange.join(name).send("o_i", name)
    micro = exchange.join("micro", depth=2)
    receiver = receiver_of(micro)
    receiver.receive_ahead(passes_nothing_on)
    names = [port.name for port, _ in receiver.initial_messages()]
    assert names == ["f_init", SETTINGS_IN]


def test_milestone_is_passed_on_and_the_next_message_is_received():
    macro, _, receiver = pair(depth=3)
    milestone(macro, 0)
    macro.send("o_i", "x", iteration=(1, 0))
    passed = []
    assert receiver.receive_ahead(passed.append) == (1, 0)
    assert passed == [Milestone((0,))]


def test_closing_milestone_ends_the_reuse_loop_and_is_not_passed_on():
    macro, _, receiver = pair()
    milestone(macro)
    assert receiver.receive_ahead(passes_nothing_on) is None


def test_milestones_of_different_ports_are_passed_on_deepest_first():
    exchange = Exchange(f"{PLAIN}\nother o_i -> micro {SETTINGS_IN}")
    macro, other = exchange.join("macro"), exchange.join("other")
    receiver = receiver_of(exchange.join("micro", depth=4))
    milestone(other, 0)
    milestone(macro, 0, 0)
    milestone(macro, 0)
    for member in (macro, other):
        member.send("o_i", "x", iteration=(1, 0, 0))
    passed = []
    assert receiver.receive_ahead(passed.append) == (1, 0, 0)
    assert passed == [Milestone((0, 0)), Milestone((0,))]


def test_f_init_message_can_be_taken_only_once():
    macro, micro, receiver = pair()
    macro.send("o_i", "x")
    receiver.receive_ahead(passes_nothing_on)
    assert receiver.take_initial(micro.ports["f_init"], None).data == "x"
    with pytest.raises(PortError, match="twice on F_INIT port 'f_init' in one pass"):
        receiver.take_initial(micro.ports["f_init"], None)


def test_error_for_a_second_take_names_the_slot():
    macro, micro, receiver = pair(vectors=["o_i", "f_init"])
    macro.ports["o_i"].set_length(2)
    for slot in range(2):
        macro.send("o_i", slot, slot)
    receiver.receive_ahead(passes_nothing_on)
    port = micro.ports["f_init"]
    assert [receiver.take_initial(port, slot).data for slot in (1, 0)] == [1, 0]
    with pytest.raises(PortError, match=r"'f_init\[1\]'"):
        receiver.take_initial(port, 1)


def test_message_on_the_first_slot_sets_the_length_of_a_resizable_port():
    macro, micro, receiver = pair(vectors=["o_i", "f_init"])
    macro.ports["o_i"].set_length(2)
    for slot in range(2):
        macro.send("o_i", "x", slot)
    receiver.receive_ahead(passes_nothing_on)
    assert micro.ports["f_init"].length == 2
    assert [message.data for _, message in receiver.initial_messages()] == ["x", "x"]


def test_repeated_message_is_given_for_each_iteration_it_covers():
    _, receiver, port = repeated("repeat")
    found = [receiver.receive_update(port, None, (0, step)) for step in range(3)]
    assert [(item.data, item.iteration) for item, _ in found] == [
        ("x", (0, 0)),
        ("x", (0, 1)),
        ("x", (0, 2)),
    ]
    assert not any(is_new for _, is_new in found)


def test_padded_message_is_given_once_and_then_empty_messages():
    _, receiver, port = repeated("pad")
    found = [receiver.receive_update(port, None, (0, step))[0].data for step in range(3)]
    assert found == ["x", None, None]


def test_next_message_is_received_for_an_iteration_that_is_not_covered():
    macro, receiver, port = repeated("repeat")
    receiver.receive_update(port, None, (0, 0))
    macro.send("o_i", "y", iteration=(1,))
    assert receiver.receive_update(port, None, (1, 0))[0].data == "y"


def test_closed_port_with_a_repeater_keeps_giving_the_closing_milestone():
    macro, receiver, port = repeated("repeat")
    milestone(macro)
    for _ in range(2):
        assert receiver.receive_update(port, None, (1, 0))[0].data == CLOSING


def repeated(filters, data="x"):
    """Return a sender, and a receiver with an S port behind repeating filters."""
    macro, micro, receiver = pair(f"macro o_i -> {filters} micro s")
    macro.send("o_i", data, iteration=(0,))
    return macro, receiver, micro.ports["s"]


def test_milestones_on_an_s_port_are_skipped_except_the_closing_one():
    exchange = Exchange("micro o_f -> macro s")
    macro, micro = exchange.join("macro"), exchange.join("micro", depth=2)
    receiver = receiver_of(macro)
    milestone(micro, 0, port="o_f")
    micro.send("o_f", "x", iteration=(1,))
    milestone(micro, port="o_f")
    message, is_new = receiver.receive_update(macro.ports["s"], None, (1,))
    assert (message.data, is_new) == ("x", True)
    assert receiver.receive_update(macro.ports["s"], None, (2,))[0].data == CLOSING


def test_draining_drops_messages_until_all_ports_are_closed():
    exchange = Exchange(f"{PLAIN}\nmicro o_f -> macro s")
    macro, micro = exchange.join("macro"), exchange.join("micro", depth=2)
    receiver = receiver_of(micro)
    macro.send("o_i", "x")
    milestone(macro, 0)
    milestone(macro)
    unreceived: list[Unreceived] = []
    receiver.drain(unreceived.append)
    receiver.drain(unreceived.append)
    assert not micro.ports["f_init"].is_open()
    assert macro.transport.wait_until_sent(timeout=0)
    assert unreceived == [Unreceived("f_init", None, "macro.o_i", 1)]
    assert str(unreceived[0]) == "1 message from 'macro.o_i' was not received on port 'f_init'"


def test_messages_received_ahead_and_not_taken_count_as_not_received():
    macro, _, receiver = pair()
    for number in range(3):
        macro.send("o_i", "x", iteration=(number,))
    milestone(macro)
    receiver.receive_ahead(passes_nothing_on)
    assert receiver.ports_not_taken() == ["f_init"]
    unreceived: list[Unreceived] = []
    receiver.drain(unreceived.append)
    assert [item.number for item in unreceived] == [3]


def test_message_that_the_model_has_taken_counts_as_received():
    macro, micro, receiver = pair()
    macro.send("o_i", "x")
    milestone(macro)
    receiver.receive_ahead(passes_nothing_on)
    receiver.take_initial(micro.ports["f_init"], None)
    assert receiver.ports_not_taken() == []
    receiver.drain(pytest.fail)


def test_snapshot_has_the_messages_received_ahead_as_taken():
    macro, micro, receiver = pair()
    macro.send("o_i", "x")
    receiver.receive_ahead(passes_nothing_on)
    cached, served = receiver.state()
    assert [(item.port, item.slot, item.message.data) for item in cached] == [("f_init", None, "x")]
    assert served == {}

    _, micro, again = pair()
    again.restore(cached, served, lambda port, slot: None)
    ((_, message),) = again.initial_messages()
    assert message.data == "x"
    with pytest.raises(PortError, match="twice"):
        again.take_initial(micro.ports["f_init"], None)


def test_snapshot_has_no_data_of_messages_that_the_model_has_taken():
    macro, micro, receiver = pair()
    macro.send("o_i", {"x": 1})
    receiver.receive_ahead(passes_nothing_on)
    receiver.take_initial(micro.ports["f_init"], None).data["solver"] = object()
    ((kept,), _) = receiver.state()
    assert (kept.message.data, kept.message.number, kept.message.iteration) == (None, 0, (0,))


def test_repeated_message_is_unchanged_after_the_model_changes_its_copy():
    _, receiver, port = repeated("repeat", {"parts": [1]})
    receiver.receive_update(port, None, (0, 0))[0].data["parts"].append(object())
    assert receiver.receive_update(port, None, (0, 1))[0].data == {"parts": [1]}
    ((kept,), _) = receiver.state()
    assert kept.message.data == {"parts": [1]}


def test_padding_continues_after_resuming():
    _, receiver, port = repeated("pad")
    receiver.receive_update(port, None, (0, 0))
    cached, served = receiver.state()
    assert served == {("s", None): ((0,),)}

    _, micro, again = pair("macro o_i -> pad micro s")
    again.restore(cached, served, lambda port, slot: None)
    assert again.receive_update(micro.ports["s"], None, (0, 1))[0].data is None


@pytest.mark.parametrize(("last", "data"), [((0, 0), None), ((0, -1), "x"), (None, "x")])
def test_padding_is_deduced_from_the_iteration_for_a_muscle3_snapshot(last, data):
    _, receiver, port = repeated("pad")
    receiver.receive_update(port, None, (0, 0))
    cached, _ = receiver.state()

    _, micro, again = pair("macro o_i -> pad micro s")
    again.restore(cached, {}, lambda port, slot: last)
    assert again.receive_update(micro.ports["s"], None, (0, 1))[0].data == data


def test_draining_continues_after_a_lost_peer_which_is_raised_at_the_end():
    exchange = Exchange("gone o_i -> micro f_init\nthere o_i -> micro s")
    gone, there = exchange.join("gone"), exchange.join("there")
    receiver = receiver_of(exchange.join("micro", depth=2))
    gone.transport.close()
    there.send("o_i", "x")
    milestone(there)
    with pytest.raises(PeerLost, match="'gone' was lost"):
        receiver.drain(lambda _unreceived: None)
    assert there.transport.wait_until_sent(timeout=0)
