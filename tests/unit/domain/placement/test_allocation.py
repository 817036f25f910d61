"""The placement of instances one after the other."""

from domain.model.configuration import Configuration, Threads
from domain.placement.allocation import Allocation, allocate
from domain.placement.requests import requests_of
from tests.support.models import configuration, nodes


def allocated(model: Configuration, *cores: int, oversubscribe: bool = False) -> Allocation:
    return allocate(requests_of(model), nodes(*cores), oversubscribe=oversubscribe)


def test_instances_get_the_cores_of_the_first_node_that_fits():
    result = allocated(configuration("a\nb", asked={"b": Threads(2)}), 1, 3)
    assert {str(name): item.as_text() for name, item in result.resources.items()} == {
        "b": "n1 (2 cores)",
        "a": "n0 (1 cores)",
    }
    assert result.unplaced is None


def test_first_instance_without_cores_is_reported():
    result = allocated(configuration("a\nb\nc"), 1)
    assert result.unplaced == "b"
    assert list(result.resources) == ["a"]
    assert result.oversubscribed == []


def test_oversubscribed_instances_are_reported():
    result = allocated(configuration("a\nb", asked={"b": Threads(3)}), 2, oversubscribe=True)
    assert result.unplaced is None
    assert (result.oversubscribed, result.reduced) == (["b", "a"], ["b"])


def test_instance_is_unplaced_if_there_are_no_cores_to_oversubscribe():
    assert allocated(configuration("a"), 0, oversubscribe=True).unplaced == "a"
