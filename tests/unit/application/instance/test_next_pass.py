"""The end of a pass of the reuse loop, and the start of the next one."""

import pytest

from adapters.in_memory.instance_log import InMemoryInstanceLog
from application.instance.cautions import Cautions
from application.instance.connections import Connections
from application.instance.next_pass import NextPass
from application.instance.port_table import PortTable
from application.instance.receiver import Receiver
from domain.coupling.messages import Milestone
from domain.coupling.timelines import ReuseLoop
from domain.errors import CallOrderError
from domain.identity import Reference
from tests.unit.application.instance.exchange import Exchange

CLOSING = Milestone(())


class Bench:
    """An instance between a caller and a receiver.

    Args:
        conduits: Conduits of the model; the instance is `micro`.
    """

    def __init__(self, conduits, *, depth=2):
        exchange = Exchange(conduits)
        micro = exchange.join("micro", depth=depth)
        self.others = {name: exchange.join(name) for name in ("macro", "after") if name in conduits}
        self.micro = micro
        ports = PortTable(micro.peers.instance, micro.ports)
        receiver = Receiver(communicator=micro.communicator, ports=ports)
        self.loop = ReuseLoop(ports, depth=depth)
        self.log = InMemoryInstanceLog()
        self.next = NextPass(
            connections=Connections(ports, micro.communicator, receiver),
            loop=self.loop,
            cautions=Cautions(Reference("micro"), has_settings_port=False, log=self.log),
        )


def test_instance_without_f_init_ports_has_a_single_pass():
    bench = Bench("micro", depth=1)
    assert bench.next.receive_ahead()
    bench.next.start()
    assert bench.loop.iteration == ()
    assert not bench.next.receive_ahead()


def test_pass_has_the_iteration_of_the_messages_received_ahead():
    bench = Bench("macro o_i -> micro f_init")
    bench.others["macro"].send("o_i", "x", iteration=(4,))
    assert bench.next.receive_ahead()
    assert bench.loop.iteration is None
    bench.next.start()
    assert bench.loop.iteration == (4,)


def test_messages_are_received_ahead_once_per_pass():
    bench = Bench("macro o_i -> micro f_init")
    for number in range(2):
        bench.others["macro"].send("o_i", "x", iteration=(number,))
    assert bench.next.receive_ahead()
    assert bench.next.receive_ahead()
    assert bench.micro.ports["f_init"].message_counts == [1]
    bench.next.start()
    assert bench.next.receive_ahead()
    assert bench.micro.ports["f_init"].message_counts == [2]


def test_f_init_message_that_is_not_received_in_a_pass_causes_one_warning():
    bench = Bench("macro o_i -> micro f_init")
    for number in range(3):
        bench.others["macro"].send("o_i", "x", iteration=(number,))
        bench.next.receive_ahead()
        bench.next.start()
    ((_, text),) = bench.log.lines
    assert text.startswith("The model did not receive the message on F_INIT port 'f_init'")


def test_closed_f_init_port_ends_the_reuse_loop():
    bench = Bench("macro o_i -> micro f_init")
    macro = bench.others["macro"]
    macro.communicator.send_milestone(macro.ports["o_i"], CLOSING)
    assert not bench.next.receive_ahead()


def test_end_of_a_pass_sends_its_milestone_on_o_i_ports():
    bench = Bench("macro o_i -> micro f_init\nmicro o_i -> after f_init")
    macro = bench.others["macro"]
    macro.send("o_i", "x", iteration=(4,))
    bench.next.receive_ahead()
    bench.next.start()
    macro.communicator.send_milestone(macro.ports["o_i"], CLOSING)
    bench.next.receive_ahead()
    assert bench.others["after"].receive("f_init").data == Milestone((4,))


def test_received_milestone_is_sent_on_through_all_sending_ports():
    bench = Bench("macro o_i -> micro f_init\nmicro o_f -> after f_init", depth=3)
    macro = bench.others["macro"]
    macro.communicator.send_milestone(macro.ports["o_i"], Milestone((4,)))
    macro.send("o_i", "x", iteration=(5, 0))
    assert bench.next.receive_ahead()
    assert bench.others["after"].receive("f_init").data == Milestone((4,))


def test_incomplete_pass_is_rejected():
    bench = Bench("macro o_i -> micro f_init\nmicro o_f -> after f_init")
    bench.others["macro"].send("o_i", "x", iteration=(4,))
    bench.next.receive_ahead()
    bench.next.start()
    with pytest.raises(CallOrderError, match="A send on O_F port 'o_f'"):
        bench.next.receive_ahead()
