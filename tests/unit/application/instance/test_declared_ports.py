"""The combination of declared and configured ports."""

import pytest

from application.instance.declared_ports import make_port_states, parse_declaration
from domain.coupling.conduits import Conduit
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import SETTINGS_IN, Operator, Port
from domain.errors import PortError
from domain.identity import Reference

OUT, IN = Port("out", Operator.O_I), Port("in", Operator.S)
KNOWN = (Port("out", Operator.O_I, "sub"), IN)


def peers(*conduits, instance="macro", sizes=(), ports=KNOWN):
    joined = tuple(Conduit(*map(Reference, item.split(" -> "))) for item in conduits)
    return PeerInfo(Reference(instance), joined, {Reference("micro"): sizes}, {}, ports)


def states(declared, vectors=(), *conduits, **options):
    return make_port_states(declared, set(vectors), peers(*conduits, **options))


def test_brackets_declare_a_vector_port():
    ports, vectors = parse_declaration({Operator.O_I: ["out", "many[]"], Operator.S: ["in"]})
    assert ports == [OUT, Port("many", Operator.O_I), IN]
    assert vectors == {"many"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("muscle_x", "Port name 'muscle_x' is reserved"),
        ("muscle_x[]", "Port name 'muscle_x' is reserved"),
        ("", "'' is not a valid port name"),
        ("a.b", "'a.b' is not a valid port name"),
        ("a[3]", r"'a\[3\]' is not a valid port name"),
        ("a[][]", r"'a\[\]\[\]' is not a valid port name"),
    ],
)
def test_invalid_port_name_is_rejected(name, text):
    with pytest.raises(PortError, match=text):
        parse_declaration({Operator.O_F: [name]})


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("state", r"operator O_F.*list of names.*are 'state'. Write \[\"state\"\]"),
        (None, "operator O_F must be a list of names, but they are None"),
        ([3], "operator O_F.*3 in it is not a string"),
    ],
)
def test_ports_that_are_not_a_list_of_names_are_rejected(names, text):
    with pytest.raises(PortError, match=text):
        parse_declaration({Operator.O_F: names})


def test_model_without_a_declaration_has_the_configured_ports():
    found = states(None)
    assert [port.port for port in found.values()] == [*KNOWN, Port(SETTINGS_IN, Operator.F_INIT)]


def test_declared_port_has_the_configured_timeline():
    assert states([OUT])["out"].port.timeline == "sub"


def test_port_without_conduits_is_not_connected():
    found = states([OUT, IN], ["in"])
    assert not found["out"].is_connected
    assert (found["in"].length, found["in"].is_resizable) == (0, True)


@pytest.mark.parametrize(
    ("vectors", "sizes", "instance", "length", "is_resizable"),
    [
        ((), (), "macro", None, False),
        ((), (3,), "macro", 3, False),
        (("out",), (3,), "macro", 3, False),
        (("out",), (), "macro", 0, True),
        ((), (3,), "macro[1]", None, False),
    ],
)
def test_port_length_follows_from_dimensions_and_declaration(
    vectors, sizes, instance, length, is_resizable
):
    conduit = "macro.out -> micro.in"
    port = states([OUT], vectors, conduit, sizes=sizes, instance=instance)["out"]
    assert port.is_connected
    assert (port.length, port.is_resizable) == (length, is_resizable)


def test_vector_port_towards_fewer_dimensions_is_rejected_with_a_hint():
    with pytest.raises(
        PortError, match=r"'out' of 'macro\[1\]' is declared as a vector port.*'\[\]'"
    ):
        states([OUT], ["out"], "macro.out -> micro.in", instance="macro[1]")


def test_conduit_to_an_undeclared_port_is_rejected():
    text = "connected to port 'other' of 'macro'.*It declares: in, out"
    with pytest.raises(PortError, match=text):
        states([OUT, IN], [], "macro.other -> micro.in")


def test_settings_port_need_not_be_declared():
    assert states([OUT], [], f"micro.x -> macro.{SETTINGS_IN}")[SETTINGS_IN].is_connected


@pytest.mark.parametrize(
    ("conduit", "text"),
    [
        (
            "macro.in -> micro.x",
            "sends from port 'in' of 'macro', but that is a port with operator S",
        ),
        ("micro.x -> macro.out", "receives on port 'out' of 'macro', .* operator O_I"),
    ],
)
def test_conduit_in_the_wrong_direction_is_rejected(conduit, text):
    with pytest.raises(PortError, match=text):
        states([OUT, IN], [], conduit)
