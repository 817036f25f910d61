import pytest

from application.nodes.placement import place
from domain.errors import InsufficientResources
from domain.identity import Reference
from tests.support.models import configuration, nodes


def test_instances_get_cores_of_the_nodes():
    placement = place(configuration("a\nb"), nodes(1, 1), oversubscribe=False)
    places = [(str(name), given.nodes[0].node) for name, given in placement.resources.items()]
    assert places == [("a", "n0"), ("b", "n1")]
    assert placement.warnings == ()


def test_instances_started_by_hand_are_not_placed():
    placement = place(configuration("a\nb", manual=("b",)), nodes(1), oversubscribe=False)
    assert set(placement.resources) == {Reference("a")}


def test_too_few_cores_are_an_error():
    with pytest.raises(InsufficientResources, match=r"too few cores: .* --oversubscribe\."):
        place(configuration("a\nb"), nodes(1), oversubscribe=False)


def test_oversubscription_is_a_warning():
    placement = place(configuration("a\nb"), nodes(1), oversubscribe=True)
    assert len(placement.resources) == 2
    (warning,) = placement.warnings
    assert "too few cores" in warning


def test_error_without_any_core_suggests_no_oversubscription():
    with pytest.raises(InsufficientResources) as caught:
        place(configuration("a"), nodes(0), oversubscribe=True)
    assert "--oversubscribe" not in str(caught.value)
