"""A conduit and the filters on it."""

import pytest

from domain.coupling.conduits import Conduit, ConduitFilter
from domain.identity import Reference

LAST, REPEAT, PAD = ConduitFilter.LAST, ConduitFilter.REPEAT, ConduitFilter.PAD
SENDER, RECEIVER = Reference("outer.macro.out"), Reference("micro.in")


def test_its_ends_are_components_and_ports():
    conduit = Conduit(SENDER, RECEIVER)
    assert conduit.sending_component == Reference("outer.macro")
    assert conduit.sending_port == "out"
    assert conduit.receiving_component == Reference("micro")
    assert conduit.receiving_port == "in"


def test_the_sender_reduces_and_the_receiver_repeats():
    conduit = Conduit(SENDER, RECEIVER, (LAST, LAST, REPEAT, PAD, PAD))
    assert conduit.reducers == (LAST, LAST)
    assert conduit.repeaters == (REPEAT, PAD, PAD)


@pytest.mark.parametrize("filters", [(PAD, REPEAT), (REPEAT, LAST), (LAST, PAD, LAST)])
def test_filters_in_another_order_are_refused(filters):
    with pytest.raises(ValueError, match=r"outer.macro.out -> .*write last, then repeat, then pad"):
        Conduit(SENDER, RECEIVER, filters)


def test_it_is_shown_as_in_ymmsl():
    assert str(Conduit(SENDER, RECEIVER, (LAST, PAD))) == "outer.macro.out -> last pad micro.in"
