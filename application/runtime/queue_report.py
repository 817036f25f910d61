"""How many calls wait in the queues of the actors of each process."""

from __future__ import annotations

from application.runtime.correspondence import Correspondence
from application.runtime.reception import Reception
from application.runtime.resident_actor import ResidentActor
from application.runtime.residents import ACTOR, Residents
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError

QUEUED = "queued"

PATIENCE = 2.0
"""Seconds that a process may take to answer."""


class QueueReport:
    """Counts waiting calls, here and in other processes.

    Args:
        residents: The actors of this process.
        correspondence: Queries other processes.
        reception: Receives their queries.
    """

    def __init__(
        self, *, residents: Residents, correspondence: Correspondence, reception: Reception
    ) -> None:
        self._residents = residents
        self._correspondence = correspondence
        reception.add(QUEUED, {}, self._serve)

    async def queued(self, uid: str) -> int | None:
        """Return how many calls wait in a process; None if it does not answer in time."""
        try:
            reply = await self._correspondence.request(uid, Message(QUEUED), timeout=PATIENCE)
        except (RuntimeDisconnectedError, TimeoutError):
            return None
        number = reply.fields.get("number")
        return number if isinstance(number, int) else None

    async def _serve(self, sender: str, message: Message) -> Message:
        del sender, message
        actors = self._residents.all_of(ACTOR)
        number = sum(
            len(actor.turns) - actor.turns.running
            for actor in actors
            if isinstance(actor, ResidentActor)
        )
        return Message("ok", {"number": number})
