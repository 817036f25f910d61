"""Conduits and the order of the filters on them."""

import pytest

from domain.coupling.conduits import Conduit, ConduitFilter, filter_order
from domain.identity import Reference

LAST, REPEAT, PAD = ConduitFilter.LAST, ConduitFilter.REPEAT, ConduitFilter.PAD
SENDER, RECEIVER = Reference("outer.macro.out"), Reference("micro.in")


def test_conduit_ends_are_split_into_component_and_port():
    conduit = Conduit(SENDER, RECEIVER)
    assert conduit.sending_component == Reference("outer.macro")
    assert conduit.sending_port == "out"
    assert conduit.receiving_component == Reference("micro")
    assert conduit.receiving_port == "in"


@pytest.mark.parametrize("filters", [(), (LAST,), (LAST, LAST, REPEAT, PAD, PAD), (REPEAT, PAD)])
def test_filters_in_order_are_accepted(filters):
    assert Conduit(SENDER, RECEIVER, filters).filters == filters


@pytest.mark.parametrize("filters", [(PAD, REPEAT), (REPEAT, LAST), (LAST, PAD, LAST)])
def test_filters_out_of_order_are_rejected(filters):
    text = f"outer.macro.out -> .*out of order: write {filter_order()}"
    with pytest.raises(ValueError, match=text):
        Conduit(SENDER, RECEIVER, filters)


def test_filter_order_is_described_in_words():
    assert filter_order() == "last, then repeat, then pad"


def test_conduit_is_shown_as_in_ymmsl():
    assert str(Conduit(SENDER, RECEIVER, (LAST, PAD))) == "outer.macro.out -> last pad micro.in"
