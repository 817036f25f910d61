"""Joining a simulation, and leaving it if joining fails."""

import pytest

from adapters.in_memory.manager_link import VERSION
from adapters.in_memory.peer_transport import InMemoryPeerTransport
from domain.coupling.messages import Milestone
from domain.coupling.peers import Endpoint
from domain.coupling.ports import Operator
from domain.errors import PortError, SettingMismatch, TransportError, UsageError
from domain.identity import Reference
from domain.running.profiling import ProfileEventType
from tests.support.in_memory_runs import InMemorySimulation, Joined


def receiving(me: Joined) -> int:
    return sum(1 for _ in iter(me.reuse, False))


def test_instance_registers_before_it_connects():
    simulation = InMemorySimulation("alone")
    me = simulation.join("alone")
    assert simulation.desk.registry.is_registered(Reference("alone"))
    while me.reuse():
        pass
    events = simulation.desk.profiles.events[Reference("alone")]
    kinds = [event.event_type for event in events][:2]
    assert kinds == [ProfileEventType.REGISTER, ProfileEventType.CONNECT]


def test_instance_with_an_invalid_setting_reports_it_and_closes_its_ports():
    simulation = InMemorySimulation(
        "a o_f -> b f_init", settings={"a.muscle_profile_level": "some"}
    )
    reported = {}
    simulation.desk.desk.report_failed = lambda name, text, *, kind: reported.update({name: text})
    results = simulation.run({"a": receiving, "b": receiving})
    assert isinstance(results["a"], UsageError)
    assert results["b"] == 0
    assert reported == {"a": str(results["a"])}
    assert [text for _, text in simulation.logs["a"].lines] == [str(results["a"])]


def test_unreachable_peer_is_an_error_and_the_ports_to_other_peers_are_closed():
    simulation = InMemorySimulation("a o_f -> b f_init\nc o_f -> a f_init")
    for name, location in (("b", "memory:b"), ("c", "elsewhere:c")):
        simulation.desk.registry.register(name, [location], [], VERSION)
    with pytest.raises(TransportError, match="peer 'c'"):
        simulation.join("a")
    inlet = InMemoryPeerTransport("b", simulation.network).inlet(
        sender=Endpoint(Reference("a"), "o_f"),
        receiver=Endpoint(Reference("b"), "f_init"),
        peer_locations=["memory:a"],
    )
    assert inlet.receive(timeout=0).data == Milestone(())
    assert not simulation.desk.registry.is_registered(Reference("a"))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("muscle_profile_level", "some", "must be 'none' or 'all'"),
        ("muscle_local_log_level", "LOUD", "must be one of DISABLE, CRITICAL"),
        ("muscle_deadlock_receive_timeout", "soon", "'muscle_deadlock_receive_timeout'"),
    ],
)
def test_invalid_setting_for_the_library_is_rejected_on_joining(name, value, text):
    simulation = InMemorySimulation("alone", settings={name: value})
    with pytest.raises((UsageError, SettingMismatch), match=text):
        simulation.join("alone")
    assert not simulation.desk.registry.is_registered(Reference("alone"))


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        ({Operator.O_F: ["muscle_x"]}, "reserved"),
        ({Operator.O_F: ["a b"]}, "not a valid port name"),
        ({Operator.O_F: ["a"], Operator.S: ["a[]"]}, "declared twice"),
    ],
)
def test_invalid_declaration_of_ports_is_rejected(ports, text):
    with pytest.raises(PortError, match=text):
        InMemorySimulation("alone").join("alone", ports)


def test_conduit_to_a_port_that_the_program_lacks_is_rejected():
    simulation = InMemorySimulation("a o_f -> a s")
    with pytest.raises(RuntimeError, match=r"connected to port 's' of 'a'.*does not have.* o_f"):
        simulation.join("a", {Operator.O_F: ["o_f"]})


def test_vector_port_towards_fewer_dimensions_is_rejected():
    simulation = InMemorySimulation("a o_f -> b f_init", sizes={"a": (1,)})
    results = simulation.run(
        {"a": receiving, "b": receiving},
        ports={"a": {Operator.O_F: ["o_f[]"]}, "b": {Operator.F_INIT: ["f_init"]}},
    )
    assert isinstance(results["a[0]"], PortError)
    assert "fewer dimensions" in str(results["a[0]"])
