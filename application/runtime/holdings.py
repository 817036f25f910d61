"""Counts the references of this process to objects in other processes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from application.runtime.correspondence import Correspondence
from application.runtime.loop_calls import LoopCalls
from application.runtime.reception import OK, Reception
from application.runtime.residents import Residents
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError

REFERENCES = "references"


@dataclass(slots=True)
class _Holding:
    """A held object: where it lives, how many proxies this process has, and the last report."""

    home: str
    count: int
    reported: asyncio.Future[None] | None = None


class Holdings:
    """Counts the proxies of this process, and reports the first and the last of each object.

    A receiver of a proxy reports it before it replies, and the sender keeps its own until the
    reply: so an object is held while a proxy of it travels.

    Args:
        correspondence: Sends the reports.
        residents: The objects of this process.
        reception: Receives the reports of others.
        calls: Makes calls on the thread of the event loop.
    """

    def __init__(
        self,
        *,
        correspondence: Correspondence,
        residents: Residents,
        reception: Reception,
        calls: LoopCalls,
    ) -> None:
        self._correspondence = correspondence
        self._residents = residents
        self._held: dict[str, _Holding] = {}
        self._reports: set[asyncio.Task[None]] = set()
        self._calls = calls
        fields = {"uid": (str,), "change": (int,)}
        reception.add(REFERENCES, fields, self._serve)

    def acquire(self, proxy: object, uid: str, home: str, *, is_counted: bool = False) -> None:
        """Hold an object once more, until a proxy of it is garbage collected.

        Args:
            proxy: The proxy.
            uid: Its uid.
            home: Uid of the process in which it lives.
            is_counted: Whether its process has counted this one already.
        """
        holding = self._held.get(uid)
        if holding is None:
            holding = self._held[uid] = _Holding(home, 0)
            if not is_counted:
                self._report(uid, holding, 1)
        holding.count += 1
        self._calls.when_gone(proxy, lambda: self._give_up(uid))

    def move(self, uid: str, home: str, *, is_counted: bool) -> None:
        """Record that an object has been created again in another process.

        Args:
            uid: Its uid.
            home: Uid of the process in which it lives now.
            is_counted: Whether that process has counted this one already.
        """
        holding = self._held.get(uid)
        if holding is not None:
            holding.home = home
            if not is_counted:
                self._report(uid, holding, 1)

    async def reported(self) -> None:
        """Return when all objects held now are counted where they live."""
        while self._reports:
            await asyncio.wait(set(self._reports))

    def _give_up(self, uid: str) -> None:
        holding = self._held[uid]
        holding.count -= 1
        if holding.count == 0:
            del self._held[uid]
            self._report(uid, holding, -1)

    def _report(self, uid: str, holding: _Holding, change: int) -> None:
        if holding.home == self._correspondence.own:
            self._count(self._correspondence.own, uid, change)
            return
        task = asyncio.get_running_loop().create_task(
            self._send(uid, holding.home, change, holding.reported)
        )
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)
        holding.reported = task

    async def _send(
        self, uid: str, home: str, change: int, earlier: asyncio.Future[None] | None
    ) -> None:
        if earlier is not None:
            # Requests may overtake each other, and a count must not go down before it goes up.
            await asyncio.wait([earlier])
        message = Message(REFERENCES, {"uid": uid, "change": change})
        try:
            await self._correspondence.request(home, message)
        except RuntimeDisconnectedError:
            return  # The object is gone, with its count.

    async def _serve(self, sender: str, message: Message) -> Message:
        uid, change = message.fields["uid"], message.fields["change"]
        assert isinstance(uid, str)
        assert isinstance(change, int)
        self._count(sender, uid, change)
        return OK

    def _count(self, holder: str, uid: str, change: int) -> None:
        if change > 0:
            self._residents.increase(holder, uid)
        else:
            self._residents.decrease(holder, uid)
