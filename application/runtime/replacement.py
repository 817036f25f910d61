"""Replaces lost workers, and reports those that will not be replaced."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from application.runtime.correspondence import Correspondence
from application.runtime.log import RuntimeLog
from application.runtime.members import Members
from application.runtime.reception import OK, Reception
from domain.runtime.errors import EngineError
from domain.runtime.hosts import HEAD, LossReason
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError
from domain.runtime.uids import WORKER, plain, role_of

GIVEN_UP = "given-up"
END = "end-worker"

Replace = Callable[[str], Awaitable[object]]


class Replacement:
    """Starts lost workers again, in the process of the head; elsewhere it only listens.

    Args:
        members: Reports losses.
        correspondence: Reports to the workers which of them are not replaced.
        reception: Receives such reports.
        log: Gets the failures.
    """

    def __init__(
        self,
        *,
        members: Members,
        correspondence: Correspondence,
        reception: Reception,
        log: RuntimeLog,
    ) -> None:
        self._members = members
        self._correspondence = correspondence
        self._log = log
        self._replace: Replace | None = None
        self._end: Replace | None = None
        self._limit = 0
        self._count: Counter[str] = Counter()
        self._given_up: set[str] = set()
        self._retired: set[str] = set()
        self._replacing: set[asyncio.Task[None]] = set()
        self._expected: set[str] = set()
        self._waiters: dict[str, list[asyncio.Future[str | None]]] = {}
        self._on_given_up: list[Callable[[], None]] = []
        members.notify(joined=self._joined, left=self._left)
        reception.add(GIVEN_UP, {"uid": (str,)}, self._serve_given_up)
        reception.add(END, {"uid": (str,), "is_replaced": (bool,)}, self._serve_end)

    def notify(self, given_up: Callable[[], None]) -> None:
        """Call back for each worker that is not started again."""
        self._on_given_up.append(given_up)

    def start(self, *, replace: Replace, end: Replace, limit: int) -> None:
        """Replace workers from now on.

        Args:
            replace: Starts a worker again.
            end: Ends a worker by force.
            limit: How often each of them is replaced.
        """
        self._replace = replace
        self._end = end
        self._limit = limit

    async def stop(self) -> None:
        """Replace no more workers."""
        self._replace = None
        replacing = list(self._replacing)
        for task in replacing:
            task.cancel()
        if replacing:
            await asyncio.wait(replacing)
        for name in list(self._waiters):
            self._settle(name, None)

    @property
    def is_any_expected(self) -> bool:
        """Whether a worker is being started again."""
        return bool(self._expected)

    async def settled(self) -> None:
        """Wait until no worker is being started again."""
        while self._replacing:
            await asyncio.wait(set(self._replacing))

    async def successor(self, uid: str) -> str | None:
        """Wait for the replacement of a lost worker.

        Returns:
            Its uid; None if there is none and will be none.
        """
        name = plain(uid)
        if self._members.is_live(name):
            return self._members.find(name).uid
        if name in self._given_up:
            return None
        waiter: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(name, []).append(waiter)
        return await waiter

    async def end(self, uid: str, *, is_replaced: bool = True) -> None:
        """End a worker by force, from any process.

        Args:
            uid: The worker.
            is_replaced: Whether it is started again, as any lost worker.
        """
        if self._end is not None:
            if not is_replaced:
                self._retired.add(uid)
            await self._end(uid)
            return
        message = Message(END, {"uid": uid, "is_replaced": is_replaced})
        try:
            await self._correspondence.request(HEAD, message)
        except RuntimeDisconnectedError:
            return

    def _left(self, uid: str, reason: LossReason | None) -> None:
        if role_of(uid) != WORKER or reason is None or self._replace is None:
            return
        self._log.warning(f"{uid} is lost: it {reason}")
        name = plain(uid)
        if uid in self._retired:
            self._spawn(self._give_up(name))
            return
        self._count[name] += 1
        if self._count[name] > self._limit:
            self._log.error(f"{name} was lost {self._count[name]} times, and is not replaced")
            self._spawn(self._give_up(name))
        else:
            self._expected.add(name)
            self._spawn(self._start_again(uid))

    async def _start_again(self, uid: str) -> None:
        assert self._replace is not None
        name = plain(uid)
        try:
            await self._replace(uid)
        except EngineError as error:
            self._log.error(f"{name} cannot be started again: {error}")
            await self._give_up(name)
        finally:
            self._expected.discard(name)

    async def _give_up(self, name: str) -> None:
        self._note_given_up(name)
        for worker in self._members.workers():
            if worker == self._members.own:
                continue
            try:
                await self._correspondence.request(worker, Message(GIVEN_UP, {"uid": name}))
            except RuntimeDisconnectedError:
                continue

    def _note_given_up(self, name: str) -> None:
        self._given_up.add(name)
        self._expected.discard(name)
        self._settle(name, None)
        for given_up in self._on_given_up:
            given_up()

    def _joined(self, uid: str) -> None:
        self._settle(plain(uid), uid)

    def _settle(self, name: str, uid: str | None) -> None:
        for waiter in self._waiters.pop(name, ()):
            if not waiter.done():
                waiter.set_result(uid)

    def _spawn(self, work: Awaitable[None]) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _serve_given_up(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        self._note_given_up(str(message.fields["uid"]))
        return OK

    async def _serve_end(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        is_replaced = bool(message.fields["is_replaced"])
        await self.end(str(message.fields["uid"]), is_replaced=is_replaced)
        return OK
