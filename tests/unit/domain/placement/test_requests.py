"""The order in which the planner meets requests."""

from domain.model.configuration import MpiCores, MpiNodes, Threads
from domain.placement.requests import requests_of, variants
from tests.support.models import configuration, nodes

CALL = """
macro o_i -> micro f_init
micro o_f -> macro s
"""


def test_largest_requests_come_first_and_those_for_nodes_before_all():
    asked = {"b": Threads(4), "c": MpiNodes(1, 1), "d": MpiCores(9, 2), "e": Threads(2)}
    requests = requests_of(configuration("a\nb\nc\nd\ne", asked=asked))
    assert [str(item.instance) for item in requests] == ["c", "b", "d", "e", "a"]


def test_each_instance_has_a_request_with_its_index():
    requests = requests_of(configuration("a", sizes={"a": (2, 2)}))
    assert [item.applicant.index for item in requests] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_instances_that_are_started_by_hand_have_no_request():
    assert requests_of(configuration("a", manual=("a",))) == []


def test_only_partners_that_may_share_cores_are_in_a_request():
    partners = [item.applicant.partners for item in requests_of(configuration(CALL))]
    assert partners == [0b10, 0b01]
    alone = requests_of(configuration(CALL, alone=("micro",)))
    assert [item.applicant.partners for item in alone] == [0, 0]


def test_other_ways_to_place_requests_sort_the_nodes_and_share_no_cores():
    requests = requests_of(configuration(CALL))
    found = [
        ([item.applicant.partners for item in others], [node.node for node in available])
        for others, available in variants(requests, nodes(2, 1))
    ]
    assert found == [
        ([0b10, 0b01], ["n1", "n0"]),
        ([0, 0], ["n0", "n1"]),
        ([0, 0], ["n1", "n0"]),
    ]


def test_requests_without_partners_on_nodes_of_equal_size_have_one_way_to_be_placed():
    assert list(variants(requests_of(configuration("a\nb")), nodes(2, 2))) == []
