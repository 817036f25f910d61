"""Messages that are numbered, checked, held back by filters, and saved in a snapshot."""

import threading

import numpy as np
import pytest

from domain.checkpointing.instance_snapshot import CommunicatorState
from domain.coupling.messages import NOT_COUNTED, Milestone, PeerMessage
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError, UnsendableData
from tests.unit.application.instance.exchange import Exchange

PLAIN = "macro o_i -> micro f_init"
REDUCED = "macro o_i -> last micro f_init"
CLOSING = Milestone(())


def parcel(number, data="x", iteration=(0,)):
    return PeerMessage(0.0, None, data, Settings(), None, number, iteration)


@pytest.fixture
def plain():
    exchange = Exchange(PLAIN)
    return exchange.join("macro"), exchange.join("micro", depth=2)


@pytest.fixture
def reduced():
    exchange = Exchange(REDUCED)
    return exchange.join("macro"), exchange.join("micro")


def milestone(member, *iteration, port="o_i"):
    member.communicator.send_milestone(member.ports[port], Milestone(iteration))


def restored(exchange, name, state, last=None, **options):
    member = exchange.join(name, **options)
    member.communicator.restore(state, lambda port, slot: last)
    return member


def test_messages_are_numbered_per_slot():
    exchange = Exchange(PLAIN, micro=(2,))
    macro = exchange.join("macro")
    micros = [exchange.join(f"micro[{index}]", depth=2) for index in range(2)]
    for slot in (0, 1, 1):
        macro.send("o_i", "x", slot)
    assert macro.ports["o_i"].message_counts == [1, 2]
    assert micros[0].receive("f_init").number == 0
    assert [micros[1].receive("f_init").number for _ in range(2)] == [0, 1]


def test_message_to_several_receivers_is_counted_once():
    exchange = Exchange(f"{PLAIN}\nmacro o_i -> other f_init")
    macro = exchange.join("macro")
    macro.send("o_i", "x")
    for name in ("micro", "other"):
        message = exchange.join(name, depth=2).receive("f_init")
        assert (message.data, message.number) == ("x", 0)
    assert macro.ports["o_i"].message_counts == [1]


def test_unsendable_message_is_not_counted(plain):
    macro, micro = plain
    with pytest.raises(UnsendableData, match="data cannot be sent on port 'o_i': it is an object"):
        macro.send("o_i", object())
    macro.send("o_i", "x")
    assert micro.receive("f_init").number == 0


@pytest.mark.parametrize(("number", "slot", "where"), [(1, None, "s"), (2, 1, r"s\[1\]")])
def test_error_for_a_lost_message_names_port_and_slot(number, slot, where):
    exchange = Exchange("micro o_f -> macro s", **({} if slot is None else {"micro": (2,)}))
    macro = exchange.join("macro")
    micro = exchange.join("micro" if slot is None else f"micro[{slot}]", depth=2)
    micro.outlet("o_f").send(parcel(number))
    text = f"number {number} was received on port '{where}', where number 0 was expected"
    with pytest.raises(RemoteProtocolError, match=text):
        macro.receive("s", slot)


def test_message_without_a_number_is_accepted(plain):
    macro, micro = plain
    macro.outlet("o_i").send(parcel(NOT_COUNTED))
    assert micro.receive("f_init").data == "x"
    assert micro.ports["f_init"].message_counts == [1]


def test_message_sets_the_length_of_a_resizable_port():
    exchange = Exchange(PLAIN)
    macro = exchange.join("macro", vectors=["o_i"])
    micro = exchange.join("micro", depth=2, vectors=["f_init"])
    macro.ports["o_i"].set_length(3)
    macro.send("o_i", "x", 0)
    micro.receive("f_init", 0)
    assert micro.ports["f_init"].length == 3


def test_uncounted_milestone_is_accepted_for_any_receiver_count():
    exchange = Exchange(PLAIN)
    macro = exchange.join("macro")
    micro = restored(exchange, "micro", CommunicatorState({"f_init": (3,)}), depth=2)
    macro.communicator.send_milestone(macro.ports["o_i"], CLOSING, is_counted=False)
    message = micro.receive("f_init")
    assert (message.data, message.number) == (CLOSING, NOT_COUNTED)


def test_milestone_has_the_number_of_the_next_message_and_is_not_counted(plain):
    macro, micro = plain
    milestone(macro, 0)
    macro.send("o_i", "x")
    assert [micro.receive("f_init").number for _ in range(2)] == [0, 0]
    assert micro.ports["f_init"].message_counts == [1]


def test_closing_milestone_is_sent_once(plain):
    macro, micro = plain
    milestone(macro)
    milestone(macro)
    assert micro.receive("f_init").data == CLOSING
    assert not micro.ports["f_init"].is_open()
    assert macro.transport.wait_until_sent(timeout=0)


def test_reducing_filter_sends_only_the_last_message(reduced):
    macro, micro = reduced
    for number in range(3):
        macro.send("o_i", number, iteration=(number,))
    assert macro.transport.wait_until_sent(timeout=0)
    milestone(macro)
    message = micro.receive("f_init")
    assert (message.data, message.number, message.iteration) == (2, NOT_COUNTED, ())


def test_model_may_change_data_that_is_held_back(reduced):
    macro, micro = reduced
    data = [1]
    macro.send("o_i", data)
    data.append(2)
    milestone(macro)
    assert micro.receive("f_init").data == [1]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({np.frombuffer(bytes(8), "i4,i4")[0]: 1}, "unhashable type"),
        (threading.Lock(), "cannot pickle"),
    ],
    ids=["void", "lock"],
)
def test_data_that_cannot_be_copied_is_rejected_by_a_reducing_filter(reduced, data, why):
    macro, _ = reduced
    text = f"data cannot be sent on port 'o_i': a filter holds it back.*{why}"
    with pytest.raises(UnsendableData, match=text):
        macro.send("o_i", data)


def test_reducing_filter_sends_an_empty_message_for_an_iteration_without_messages(reduced):
    macro, micro = reduced
    milestone(macro)
    message = micro.receive("f_init")
    assert (message.data, message.timestamp) == (None, float("-inf"))
    assert micro.receive("f_init").data == CLOSING


def test_reducing_filter_passes_only_milestones_of_outer_iterations():
    exchange = Exchange(REDUCED)
    macro, micro = exchange.join("macro", depth=3), exchange.join("micro", depth=3)
    macro.send("o_i", "x", iteration=(0, 0, 0))
    milestone(macro, 0, 0)
    milestone(macro, 0)
    milestone(macro)
    found = [micro.receive("f_init") for _ in range(3)]
    assert [(item.data, item.iteration) for item in found] == [
        ("x", (0, 0)),
        (Milestone((0,)), (0,)),
        (CLOSING, ()),
    ]


def test_snapshot_has_counts_and_messages_held_back(reduced):
    macro, _ = reduced
    macro.send("o_i", "x", iteration=(0,))
    state = macro.communicator.state()
    assert state.port_message_counts["o_i"] == (1,)
    assert [(item.port, item.slot, item.message.data, item.peer) for item in state.held_back] == [
        ("o_i", None, "x", "micro.f_init")
    ]
    assert state.reduced_counts == {"o_i -> micro.f_init": (0,)}


def test_snapshot_has_the_count_of_messages_that_passed_a_reducing_filter(reduced):
    macro, _ = reduced
    macro.send("o_i", "x")
    milestone(macro)
    assert macro.communicator.state().reduced_counts == {"o_i -> micro.f_init": (1,)}


def test_receiver_counts_reduced_messages_up_to_the_last_that_was_not_empty(reduced):
    _, micro = reduced
    outlet = reduced[0].outlet("o_i")
    filled = []
    for iteration, data in enumerate(["x", None, "y", None, None]):
        empty = PeerMessage(float("-inf"), None, None, Settings(), None, NOT_COUNTED, (iteration,))
        outlet.send(empty if data is None else parcel(NOT_COUNTED, data, (iteration,)))
        micro.receive("f_init")
        filled.append(micro.communicator.state().reduced_counts["f_init <- macro.o_i"])
    assert filled == [(1,), (1,), (3,), (3,), (3,)]
    assert micro.communicator.state().port_message_counts["f_init"] == (5,)
    again = restored(Exchange(REDUCED), "micro", micro.communicator.state())
    assert again.communicator.state().reduced_counts == {"f_init <- macro.o_i": (3,)}


def test_message_held_back_is_sent_after_resuming(reduced):
    macro, _ = reduced
    macro.send("o_i", "x")
    exchange = Exchange(REDUCED)
    again = restored(exchange, "macro", macro.communicator.state())
    milestone(again)
    assert exchange.join("micro").receive("f_init").data == "x"
    assert again.ports["o_i"].message_counts == [1]


def test_milestones_since_the_last_message_are_sent_again_after_resuming(plain):
    macro, _ = plain
    milestone(macro, 0)
    macro.send("o_i", "x")
    milestone(macro, 1)
    exchange = Exchange(PLAIN)
    restored(exchange, "macro", macro.communicator.state())
    micro = exchange.join("micro", depth=2)
    micro.ports["f_init"].message_counts = [1]
    assert micro.receive("f_init").data == Milestone((1,))


def test_snapshot_stores_consecutive_milestones_as_one_row(plain):
    macro, _ = plain
    for number in [*range(100), *range(200, 300)]:
        milestone(macro, number)
    state = macro.communicator.state()
    assert [item.in_a_row for item in state.held_back] == [100, 100]
    exchange = Exchange(PLAIN)
    again = restored(exchange, "macro", state)
    micro = exchange.join("micro", depth=2)
    received = [micro.receive("f_init").data.iteration[0] for _ in range(200)]
    assert received == [*range(100), *range(200, 300)]
    assert again.communicator.state().held_back == state.held_back


def test_snapshot_has_the_lengths_of_resizable_ports():
    exchange = Exchange(PLAIN)
    macro = exchange.join("macro", vectors=["o_i"])
    macro.ports["o_i"].set_length(3)
    state = macro.communicator.state()
    assert state.port_lengths["o_i"] == 3
    again = restored(Exchange(PLAIN), "macro", state, vectors=["o_i"])
    assert again.ports["o_i"].length == 3


def test_duplicates_from_a_resumed_sender_are_dropped():
    exchange = Exchange(PLAIN)
    state = CommunicatorState({"f_init": (2,), "no_more": (7,)})
    micro = restored(exchange, "micro", state, last=(1,), depth=2)
    outlet = exchange.join("macro").outlet("o_i")
    outlet.send(parcel(1, "again", (1,)))
    outlet.send(parcel(2, "new", (2,)))
    outlet.send(parcel(3, "newer", (3,)))
    assert [micro.receive("f_init").data for _ in range(2)] == ["new", "newer"]


def test_message_older_than_the_last_one_is_not_a_duplicate():
    exchange = Exchange(PLAIN)
    micro = restored(exchange, "micro", CommunicatorState({"f_init": (2,)}), last=(1,), depth=2)
    exchange.join("macro").outlet("o_i").send(parcel(0))
    with pytest.raises(RemoteProtocolError, match="its snapshots do not belong together"):
        micro.receive("f_init")


def test_duplicates_that_passed_a_reducing_filter_are_dropped_by_iteration():
    exchange = Exchange(REDUCED)
    micro = restored(exchange, "micro", CommunicatorState({"f_init": (2,)}), last=(1,))
    outlet = exchange.join("macro").outlet("o_i")
    for iteration in ((0,), (1,), (2,)):
        outlet.send(parcel(NOT_COUNTED, iteration[0], iteration))
    assert micro.receive("f_init").data == 2


@pytest.mark.parametrize("must_drain", [False, True])
def test_ports_must_be_drained_if_their_senders_wait(must_drain):
    exchange = Exchange(PLAIN, must_drain=must_drain, micro=(2,))
    exchange.join("macro")
    micro = exchange.join("micro[1]", depth=2)
    assert micro.communicator.must_drain(micro.ports["f_init"], None) == must_drain


def test_messages_are_fetched_without_being_checked_or_counted(plain):
    macro, micro = plain
    assert micro.communicator.fetch(micro.ports["f_init"], None, timeout=0) is None
    macro.outlet("o_i").send(parcel(7))
    assert micro.communicator.fetch(micro.ports["f_init"], None, timeout=0).number == 7
    assert micro.ports["f_init"].message_counts == [0]
