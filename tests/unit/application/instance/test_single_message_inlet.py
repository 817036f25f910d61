"""Closing a port after its only message."""

from application.instance.single_message_inlet import SingleMessageInlet
from domain.coupling.messages import Milestone, PeerMessage
from domain.coupling.settings import Settings


class SlowInlet:
    """An Inlet that receives a message at the second attempt, and no other."""

    def __init__(self) -> None:
        self.answers = [None, PeerMessage(1.0, None, "data", Settings(), None, -1, ())]

    @property
    def marks(self) -> tuple[int, int, int]:
        return (1, 2, 3)

    def receive(self, *, timeout: float | None) -> PeerMessage | None:
        return self.answers.pop(0)


def test_port_is_closed_after_the_message():
    inlet = SingleMessageInlet(SlowInlet())
    assert inlet.receive(timeout=0.0) is None
    first = inlet.receive(timeout=None)
    assert first is not None
    assert (first.data, inlet.marks) == ("data", (1, 2, 3))
    second = inlet.receive(timeout=None)
    assert second is not None
    assert second.data == Milestone(())
