"""Peers, pacing conduits and parties to filters."""

import pytest

from domain.identity import Reference
from domain.model.topology import Topology, wiring_problem
from tests.support.models import configuration

CALLS = """
macro o_i -> meso f_init
meso o_i -> micro f_init
micro o_f -> meso s
meso o_f -> macro s
"""
TIMELINES = {"macro": "macro", "meso": "macro:meso", "micro": "macro:meso:micro"}


def topology(text, **sizes):
    return Topology(configuration(text, sizes=sizes).model)


def pacing(filtered, calls=CALLS, **sizes):
    model = configuration(f"{calls}\n{filtered}", sizes=sizes, timelines=TIMELINES).model
    conduit = Topology(model).pacing_conduit(model.conduits[-1])
    return conduit and str(conduit)


def parties(filtered, calls=CALLS, **timelines):
    model = configuration(f"{calls}\n{filtered}", timelines=TIMELINES | timelines).model
    return sorted(map(str, Topology(model).parties_to(model.conduits[-1])))


def peers(found, instance):
    return [str(name) for name in found.peer_instances(Reference(instance))]


def test_conduits_of_a_component_are_those_to_and_from_it():
    found = topology("a o_f -> b f_init\nb o_f -> c f_init\nlonely")
    assert [str(item) for item in found.conduits_of(Reference("b"))] == [
        "a.o_f -> b.f_init",
        "b.o_f -> c.f_init",
    ]
    assert found.conduits_of(Reference("lonely")) == []


def test_conduit_from_a_component_to_itself_is_attached_once():
    found = topology("a o_i -> a s")
    assert len(found.conduits_of(Reference("a"))) == 1
    assert found.peer_components(Reference("a")) == [Reference("a")]


def test_peer_component_is_listed_once():
    found = topology("a o_i -> b f_init\nb o_f -> a s")
    assert found.peer_components(Reference("a")) == [Reference("b")]


def test_peer_instance_has_the_same_index():
    found = topology("a o_i -> b f_init", a=(2,), b=(2,))
    assert peers(found, "a[1]") == ["b[1]"]


def test_vector_port_has_every_instance_of_a_set_as_peer():
    found = topology("a o_i -> b f_init", b=(3,))
    assert peers(found, "a") == ["b[0]", "b[1]", "b[2]"]
    assert peers(found, "b[2]") == ["a"]


@pytest.mark.parametrize(
    ("sender", "receiver", "fits"),
    [
        ((), (), True),
        ((), (3,), True),
        ((3,), (3, 2), True),
        ((3, 2), (3,), True),
        ((), (3, 2), False),
        ((3,), (2,), False),
        ((3,), (2, 3), False),
    ],
)
def test_multiplicities_must_be_equal_or_differ_by_one_last_dimension(sender, receiver, fits):
    made = configuration("a o_i -> b f_init", sizes={"a": sender, "b": receiver}).model
    problem = wiring_problem(made.conduits[0], *made.components.values())
    if fits:
        assert problem is None
    else:
        assert f"'a' has multiplicity {list(sender)} and 'b' has {list(receiver)}" in problem


@pytest.mark.parametrize("way", ["micro o_f -> last", "micro o_i -> last last"])
def test_pacing_conduit_is_the_one_that_calls_the_caller_of_the_sender(way):
    assert pacing(f"{way} macro s") == "macro.o_i -> meso.f_init"


def test_conduit_with_a_repeating_filter_is_not_the_pacing_conduit():
    calls = CALLS.replace("macro o_i", "other o_f -> repeat meso f_init\nmacro o_i")
    assert pacing("micro o_f -> last macro s", calls) == "macro.o_i -> meso.f_init"


@pytest.mark.parametrize(
    "filtered",
    [
        "micro o_i -> last meso s",  # its own passes
        "meso o_i -> last macro s",
        "meso o_f -> last other f_init",  # those of a model without a caller
        "micro o_f -> last last other f_init",
        "stranger o_f -> last other f_init",
    ],
)
def test_pacing_conduit_is_none_if_no_other_component_paces_the_filter(filtered):
    assert pacing(filtered) is None


def test_pacing_component_must_have_the_first_dimensions_of_the_sender():
    filtered = "micro o_f -> last other f_init"
    assert pacing(filtered, meso=(2,), micro=(2, 3)) == "macro.o_i -> meso.f_init"
    assert pacing(filtered, meso=(2,), micro=(3,)) is None


@pytest.mark.parametrize("way", ["micro o_f -> last", "micro o_i -> last last"])
def test_parties_to_a_filter_are_its_ends_and_callers_whose_milestones_release_messages(way):
    assert parties(f"{way} other f_init") == ["meso", "micro", "other"]


@pytest.mark.parametrize("way", ["micro o_i -> last", "micro o_f -> last last"])
def test_callers_are_not_parties_to_a_filter_over_one_pass_or_the_whole_run(way):
    assert parties(f"{way} other f_init") == ["micro", "other"]


def test_indirect_caller_is_party_to_a_filter():
    calls = """
    macro o_i -> meso f_init
    meso o_i -> first f_init
    first o_f -> second f_init
    """
    timelines = {"first": "macro:meso:first", "second": "macro:meso:second"}
    filtered = "second o_f -> last other f_init"
    assert parties(filtered, calls, **timelines) == ["first", "meso", "other", "second"]


def test_sender_of_settings_for_each_pass_is_party_to_a_filter():
    calls = f"{CALLS}\nsampler o_i -> micro muscle_settings_in"
    filtered = "micro o_f -> last other f_init"
    found = parties(filtered, calls, sampler="macro:sampler")
    assert found == ["meso", "micro", "other", "sampler"]


@pytest.mark.parametrize("way", ["micro s", "repeat micro f_init"])
def test_peer_of_a_party_is_not_itself_party_to_a_filter(way):
    """Milestones on S ports, and those between messages that are repeated, are not passed on."""
    calls = f"{CALLS}\npartner o_i -> {way}"
    filtered = "micro o_f -> last other f_init"
    assert parties(filtered, calls, partner="macro:partner") == ["meso", "micro", "other"]
