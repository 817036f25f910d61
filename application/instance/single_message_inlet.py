"""Closes a port after its only message, where MUSCLE3 0.11 forgets to close it.

There is only one message on the outermost timeline. MUSCLE3 0.11 sends no milestone after it if a
reducing filter leads there, so that a receiver would wait for ever.
"""

from __future__ import annotations

from typing import final

from application.interfaces.peer_transport import Inlet
from domain.coupling.filters import NO_SETTINGS
from domain.coupling.messages import NOT_COUNTED, Milestone, PeerMessage


@final
class SingleMessageInlet(Inlet):
    """Receives one message, then the milestone that closes the port.

    Args:
        inlet: Receives the message.
    """

    def __init__(self, inlet: Inlet) -> None:
        self._inlet = inlet
        self._has_received = False

    @property
    def marks(self) -> tuple[int, int, int]:
        return self._inlet.marks

    def receive(self, *, timeout: float | None) -> PeerMessage | None:
        if self._has_received:
            closing = Milestone(())
            return PeerMessage(float("-inf"), None, closing, NO_SETTINGS, None, NOT_COUNTED, ())
        message = self._inlet.receive(timeout=timeout)
        self._has_received = message is not None
        return message
