"""The states of communicator, receiver and reuse loop are captured and restored together."""

from application.instance.checkpoints.exchange_state import ExchangeState
from application.instance.receiver import Receiver
from domain.checkpointing.instance_snapshot import CommunicatorState
from domain.coupling.timelines import ReuseLoop
from tests.unit.application.instance.exchange import Exchange

LOOP = "macro o_i -> micro f_init\nmicro o_f -> macro s"


def parts(name, exchange=None, **options):
    member = (exchange or Exchange(LOOP)).join(name, **options)
    receiver = Receiver(communicator=member.communicator, ports=member.ports)
    loop = ReuseLoop(member.ports)
    state = ExchangeState(communicator=member.communicator, receiver=receiver, loop=loop)
    return member, receiver, loop, state


def test_captured_state_is_restored():
    exchange = Exchange(LOOP)
    exchange.join("macro").send("o_i", "x")
    member, receiver, loop, state = parts("micro", exchange, depth=2)
    loop.start_pass(receiver.receive_ahead(lambda milestone: None))
    receiver.take_initial(member.ports["f_init"], None)
    captured = state.capture()
    assert captured.port_message_counts["f_init"] == (1,)
    assert captured.timeline == loop.state()
    assert [item.message.iteration for item in captured.message_cache] == [(0,)]

    member, receiver, loop, state = parts("micro", depth=2)
    state.restore(captured)
    assert member.ports["f_init"].message_counts == [1]
    assert loop.iteration == (0,)
    assert [message.iteration for _, message in receiver.initial_messages()] == [(0,)]
    assert state.capture() == captured


def test_capture_is_idempotent():
    *_, state = parts("macro")
    assert state.capture() == state.capture()


def test_missing_timeline_is_deduced_from_the_counts():
    member, _, loop, state = parts("macro")
    state.restore(CommunicatorState({"o_i": (3,), "s": (2,)}))
    assert member.ports["o_i"].message_counts == [3]
    assert loop.expect_receive(member.ports["s"], None) == (2,)


def test_lengths_of_resizable_ports_are_restored_before_the_loop():
    _, _, loop, state = parts("macro", vectors=["o_i"])
    member, _, first, before = parts("macro", vectors=["o_i"])
    member.ports["o_i"].set_length(2)
    first.start_pass(())
    first.send(member.ports["o_i"], 0)
    state.restore(before.capture())
    assert loop.state() == first.state()
