"""The objects here that a lost process held: they may live on in proxies that it had passed on."""

from __future__ import annotations

import asyncio

from application.runtime.arrivals import Arrivals
from application.runtime.correspondence import Correspondence
from application.runtime.holdings import Holdings
from application.runtime.members import Members
from application.runtime.reception import OK, Reception
from application.runtime.residents import Residents
from domain.runtime.hosts import HEAD, LossReason
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError

SURVEY = "report-holdings"


class Orphans:
    """Keeps what a lost process held until all others have reported what they hold.

    A process holds an object until the receivers of its proxies have reported that they hold it
    too. If it is lost before, their reports may still be on their way.

    Args:
        residents: The objects of this process.
        holdings: Reports what this process holds.
        arrivals: The proxies that have arrived, but are not counted yet.
        members: Reports the losses.
        correspondence: Requests the reports of others.
        reception: Receives their requests.
    """

    def __init__(
        self,
        *,
        residents: Residents,
        holdings: Holdings,
        arrivals: Arrivals,
        members: Members,
        correspondence: Correspondence,
        reception: Reception,
    ) -> None:
        self._residents = residents
        self._holdings = holdings
        self._arrivals = arrivals
        self._members = members
        self._correspondence = correspondence
        self._surveys: set[asyncio.Task[None]] = set()
        self._departures: dict[str, asyncio.Future[None]] = {}
        members.notify(left=self._left)
        reception.add(SURVEY, {"lost": (str,)}, self._serve)

    def _left(self, uid: str, reason: LossReason | None) -> None:
        departure = self._departures.pop(uid, None)
        if departure is not None:
            departure.set_result(None)
        if reason is None:  # It was disconnected here, and may go on elsewhere.
            self._residents.remove_holder(uid)
            return
        keeper = f"{uid} (lost)"
        if self._residents.pass_on(uid, keeper):
            survey = asyncio.get_running_loop().create_task(self._survey(uid, keeper))
            self._surveys.add(survey)
            survey.add_done_callback(self._surveys.discard)

    async def _survey(self, lost: str, keeper: str) -> None:
        hosts = {HEAD, *self._members.workers()} - {self._members.own}
        await asyncio.gather(
            self._reported(), *(self._request_reports(host, lost) for host in sorted(hosts))
        )
        self._residents.remove_holder(keeper)

    async def _request_reports(self, host: str, lost: str) -> None:
        try:
            await self._correspondence.request(host, Message(SURVEY, {"lost": lost}))
        except RuntimeDisconnectedError:
            return  # It was lost as well, so it holds nothing.

    async def _serve(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        lost = str(message.fields["lost"])
        if self._members.is_live(lost):  # Its messages can still arrive.
            departure = self._departures.get(lost)
            if departure is None:
                departure = asyncio.get_running_loop().create_future()
                self._departures[lost] = departure
            await asyncio.wait([departure])
        await self._reported()
        return OK

    async def _reported(self) -> None:
        await self._arrivals.settled()
        await self._holdings.reported()
