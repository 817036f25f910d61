"""Detection of duplicates: messages that a resumed sender sends again."""

from __future__ import annotations

from collections.abc import Callable

from domain.coupling.messages import NOT_COUNTED, Iteration, Milestone, PeerMessage
from domain.coupling.ports import PortSlot, PortState

LastReceived = Callable[[PortState, "int | None"], "Iteration | None"]
"""Returns the iteration of the last message on a receiving port and slot; None if unknown."""


class ResumeDuplicates:
    """Detects the messages that an instance had received when its snapshot was made.

    The snapshot of a sender may be older than that of the receiver by one message, and by any
    number of milestones and of messages that pass reducing filters. A resumed sender sends these
    again. They precede the first new message on a port and slot, so nothing is checked after that.
    """

    def __init__(self) -> None:
        self._last: dict[PortSlot, Iteration | None] = {}

    def expect(self, port: PortState, last_received: LastReceived) -> None:
        """Expect duplicates on each slot of a receiving port that has received messages.

        Args:
            port: The port, with its message counts restored.
            last_received: Returns the iteration of the last message.
        """
        # including slots that a resizable port has lost, and may gain again
        for index, count in enumerate(port.message_counts):
            if count:
                slot = index if port.is_vector else None
                self._last[port.name, slot] = last_received(port, slot)

    @property
    def are_expected(self) -> bool:
        """Whether any message may be a duplicate."""
        return bool(self._last)

    def is_duplicate(self, message: PeerMessage, port: PortState, slot: int | None) -> bool:
        """Return whether a message was received before the snapshot was made."""
        where = (port.name, slot)
        if where not in self._last:
            return False
        if self._was_received(message, port, slot):
            return True
        if not isinstance(message.data, Milestone):
            del self._last[where]
        return False

    def _was_received(self, message: PeerMessage, port: PortState, slot: int | None) -> bool:
        last = self._last[port.name, slot]
        if isinstance(message.data, Milestone):
            if message.data.closes_port:
                return False
            # The milestone of an earlier iteration was passed on before the snapshot was made. The
            # milestone of the current iteration ends it, which has not happened yet.
            if last is not None and message.iteration < last[: len(message.iteration)]:
                return True
        elif message.number == NOT_COUNTED:
            # Messages that pass reducing filters have no number, but there is one per iteration.
            return last is not None and message.iteration <= last
        return message.number == port.message_counts[slot or 0] - 1
