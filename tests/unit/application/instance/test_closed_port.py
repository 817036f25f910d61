"""The error of an instance that receives on a closed port."""

import pytest

from application.instance.closed_port import closed_port_error
from domain.coupling.filters import NO_SETTINGS
from domain.coupling.messages import NOT_COUNTED, Milestone, PeerMessage
from domain.coupling.peers import Endpoint
from domain.errors import PeerFinished
from domain.identity import Reference


def error_after(number, *, is_certain=True):
    return closed_port_error(
        Endpoint(Reference("micro"), "init", 2),
        sender=Endpoint(Reference("macro"), "out"),
        last=PeerMessage(0.0, None, Milestone(()), NO_SETTINGS, None, number, ()),
        is_certain=is_certain,
    )


@pytest.mark.parametrize(
    ("number", "sent", "awaited"),
    [(0, "no message", "1st"), (1, "1 message", "2nd"), (12, "12 messages", "13th")],
)
def test_finished_peer_is_named_with_the_number_of_its_messages(number, sent, awaited):
    error = error_after(number)
    assert isinstance(error, PeerFinished)
    assert str(error) == (
        f"'macro' finished after sending {sent} on 'out'; 'micro' waits for a {awaited} on"
        " 'init[2]'. Do both make the same number of steps?"
    )


@pytest.mark.parametrize(("number", "is_certain"), [(NOT_COUNTED, True), (3, False)])
def test_peer_that_may_have_failed_is_not_described_as_finished(number, is_certain):
    error = error_after(number, is_certain=is_certain)
    assert not isinstance(error, PeerFinished)
    assert "did the peer crash? If 'macro' finished normally, 'micro' tries" in str(error)
