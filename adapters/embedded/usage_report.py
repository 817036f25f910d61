"""Reports what the processes of a run use."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final

from adapters.embedded.exchange import Exchange
from adapters.embedded.link import RUNNING, USAGE
from adapters.embedded.usage import ProcessMeter
from adapters.embedded.value_keeper import ValueKeeper
from domain.runtime.errors import EngineError
from domain.runtime.hosts import HEAD, Host
from domain.runtime.payloads import Message, Plain

BUSY_TIME: Final = 0.5
"""Seconds to wait for a host that may be too busy to report what it runs."""

RUNS_SOMETHING: Final = 1
"""The number of calls that such a host runs, at least."""


class UsageReport:
    """Answers the requests of all processes for what each of them uses.

    Args:
        exchange: Connects the head with the hosts.
        keeper: Keeps the values.
        hosts: Returns the hosts that run.
    """

    def __init__(
        self, exchange: Exchange, keeper: ValueKeeper, hosts: Callable[[], Sequence[Host]]
    ) -> None:
        self._exchange = exchange
        self._keeper = keeper
        self._hosts = hosts
        self._meters: dict[str, ProcessMeter] = {}
        exchange.handlers.on_request(USAGE, self._report)

    async def _report(self, _sender: str, _request: Message) -> Message:
        pids = {HEAD: os.getpid(), **{host.uid: host.pid or 0 for host in self._hosts()}}
        self._meters = {
            uid: self._meters.get(uid) or ProcessMeter(pid) for uid, pid in pids.items()
        }
        running = await asyncio.gather(*map(self._running_on, pids))
        usage: dict[str, Plain] = {}
        for uid, count in zip(pids, running, strict=True):
            cpu, rss = self._meters[uid].sample()
            usage[uid] = [cpu, rss, *self._keeper.stored_by(uid), count]
        return Message(USAGE, usage)

    async def _running_on(self, uid: str) -> int:
        try:
            reply = await self._exchange.request(uid, Message(RUNNING), timeout=BUSY_TIME)
        except TimeoutError:
            return RUNS_SOMETHING
        except EngineError:
            return 0
        running = reply.fields.get("running")
        return running if isinstance(running, int) else 0
