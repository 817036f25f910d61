"""The transition from one pass of the reuse loop to the next."""

from __future__ import annotations

from application.instance.cautions import Cautions
from application.instance.connections import Connections
from domain.coupling.messages import Iteration, Milestone
from domain.coupling.ports import Operator
from domain.coupling.timelines import ReuseLoop


class NextPass:
    """Ends the current pass of the reuse loop, and receives the messages that begin the next one.

    Both happen together, and possibly before the model requests the next pass: whether a final
    snapshot is due depends on these messages.

    Args:
        connections: Sends milestones, and receives the messages.
        loop: The order of sends and receives.
        cautions: Warns about messages that the model has not received.
    """

    def __init__(self, *, connections: Connections, loop: ReuseLoop, cautions: Cautions) -> None:
        self._ports, self._communicator, self._receiver = connections
        self._loop = loop
        self._cautions = cautions
        self._exists: bool | None = None
        self._iteration: Iteration = ()

    def receive_ahead(self) -> bool:
        """End the pass and receive ahead, unless this has been done; return whether there is one.

        Raises:
            CallOrderError: If the pass is not complete.
            PeerLost: If the connection to a peer is lost for good.
        """
        if self._exists is None:
            self._exists = self._receive_ahead()
        return self._exists

    def start(self) -> None:
        """Start the pass whose messages were received ahead."""
        self._exists = None
        self._loop.start_pass(self._iteration)

    def _receive_ahead(self) -> bool:
        self._loop.check_finished()
        finished = self._loop.iteration
        if finished is not None:
            self._cautions.note_not_received(self._receiver.ports_not_taken())
            self._send(Milestone(finished), Operator.O_I)
            if not self._receiver.has_initial_ports:
                return False
        iteration = self._receiver.receive_ahead(
            lambda milestone: self._send(milestone, Operator.O_I, Operator.O_F)
        )
        self._iteration = iteration or ()
        return iteration is not None

    def _send(self, milestone: Milestone, *operators: Operator) -> None:
        for port in self._ports.connected(*operators):
            self._communicator.send_milestone(port, milestone)
