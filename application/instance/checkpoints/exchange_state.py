"""Captures and restores the entire communication state of an instance."""

from __future__ import annotations

from application.instance.communicator import Communicator
from application.instance.receiver import Receiver
from domain.checkpointing.instance_snapshot import CommunicatorState
from domain.coupling.timelines import ReuseLoop


class ExchangeState:
    """The combined state of communicator, receiver and reuse loop.

    Args:
        communicator: Holds the message counts, and the messages that filters hold back.
        receiver: Holds the messages received ahead.
        loop: Holds the position in the reuse loop.
    """

    def __init__(self, *, communicator: Communicator, receiver: Receiver, loop: ReuseLoop) -> None:
        self._communicator = communicator
        self._receiver = receiver
        self._loop = loop

    def capture(self) -> CommunicatorState:
        """Return the current state."""
        cached, served = self._receiver.state()
        return self._communicator.state()._replace(
            timeline=self._loop.state(), message_cache=cached, served=served
        )

    def restore(self, state: CommunicatorState) -> None:
        """Restore a captured state."""
        counts = state.port_message_counts
        lengths = {port: len(numbers) for port, numbers in counts.items()}
        timeline = self._loop.deduce(counts) if state.timeline is None else state.timeline
        self._loop.restore(timeline, {**lengths, **state.port_lengths})
        self._communicator.restore(state, self._loop.last_received)
        self._receiver.restore(state.message_cache, state.served, self._loop.last_received)
