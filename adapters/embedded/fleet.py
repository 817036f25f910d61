"""Starts and ends the processes of the hosts."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from adapters.embedded.exchange import Exchange
from adapters.embedded.members import HOST_VARIABLE, Member, start_process
from adapters.embedded.run_places import RunPlaces
from adapters.embedded.start_up import FAILED, HELLO, OK, READY, STOP
from adapters.wire.host_values import reason_to_plain
from domain.runtime.errors import EngineError
from domain.runtime.hosts import EnginePlan, Host, HostPlan, LossReason
from domain.runtime.payloads import Message

OnLine = Callable[[str, str, str], None]
OnLost = Callable[[str, LossReason], None]


class Fleet:
    """The hosts that run, or are being started.

    Args:
        plan: The plan of the hosts.
        places: The directories of the run.
        exchange: Connects the head with the hosts.
        kill_marked: Kills the processes with a variable in their environment, and waits until they
            have ended. Thread-safe.
        on_line: Called with a host, the stream and each line that it prints.
        on_lost: Called when a host is gone, even if it had not started.
    """

    def __init__(
        self,
        plan: EnginePlan,
        *,
        places: RunPlaces,
        exchange: Exchange,
        kill_marked: Callable[[str, str], None],
        on_line: OnLine,
        on_lost: OnLost,
    ) -> None:
        self._plan = plan
        self._places = places
        self._exchange = exchange
        self._kill_marked = kill_marked
        self._on_line = on_line
        self._on_lost = on_lost
        self._members: dict[str, Member] = {}
        self._lost: dict[str, LossReason] = {}
        self._cleanups: set[asyncio.Future[None]] = set()
        exchange.handlers.on_request(HELLO, self._on_hello)
        exchange.handlers.on_request(READY, self._on_ready)
        exchange.handlers.on_request(FAILED, self._on_failed)

    @property
    def members(self) -> Mapping[str, Member]:
        """The hosts that run or are being started, by uid."""
        return self._members

    @property
    def hosts(self) -> list[Host]:
        """The same, as values."""
        return [member.host for member in self._members.values()]

    def start_all(self) -> list[str]:
        """Start all hosts of the plan, and return their uids.

        Raises:
            OSError: A process cannot be started.
        """
        hosts = [_new_host(host) for host in self._plan.hosts]
        for host in hosts:
            self._exchange.expect(host.uid)
        for host in hosts:
            self.start(host, hosts)
        return [host.uid for host in hosts]

    def start(self, host: Host, others: Sequence[Host]) -> Member:
        """Start a host.

        Raises:
            OSError: Its process cannot be started.
        """
        process = start_process(
            host,
            [other for other in others if other.uid != host.uid],
            self._plan,
            places=self._places,
            on_line=partial(self._on_line, host.uid),
            on_end=partial(self._on_end, host.uid),
        )
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        member = Member(host, process, ready)
        self._members[host.uid] = member
        return member

    def new_life(self, uid: str) -> Host:
        """Return a new life of a host.

        Raises:
            EngineError: The plan has no such host, or another life of it runs.
        """
        name = uid.partition("@")[0]
        if any(member.host.plan.name == name for member in self._members.values()):
            raise EngineError(f"another life of '{uid}' runs already")
        for plan in self._plan.hosts:
            if plan.name == name:
                return _new_host(plan)
        raise EngineError(f"the plan has no host '{uid}'")

    async def wait_until_ready(self) -> None:
        """Wait until all hosts have started.

        Raises:
            EngineError: Some have not; it names them, with the reasons.
        """
        waits = {uid: member.ready for uid, member in self._members.items()}
        if waits:
            await asyncio.wait(
                waits.values(), timeout=self._plan.patience, return_when=asyncio.FIRST_EXCEPTION
            )
        problems: dict[str, str] = {}
        for ready in waits.values():
            if ready.done() and (error := ready.exception()) is not None:
                assert isinstance(error, EngineError)
                problems.update(error.hosts)
        if not problems:
            why = f"did not answer within {self._plan.patience:g} s"
            problems = {uid: why for uid, ready in waits.items() if not ready.done()}
        if problems:
            text = "; ".join(f"{uid} {why}" for uid, why in problems.items())
            raise EngineError(f"hosts did not start: {text}", problems)

    async def start_ready(self, host: Host, others: Sequence[Host]) -> Member:
        """Start a host, and wait until it is ready.

        Raises:
            EngineError: It has not started.
            OSError: Its process cannot be started.
        """
        member = self.start(host, others)
        try:
            await asyncio.wait_for(asyncio.shield(member.ready), self._plan.patience)
        except asyncio.TimeoutError:
            await self.kill(host.uid)
            why = f"did not answer within {self._plan.patience:g} s"
            raise EngineError(f"{host.uid} {why}", {host.uid: why}) from None
        except EngineError:
            await self.kill(host.uid)
            raise
        return member

    async def stop_all(self, patience: float) -> None:
        """Have all hosts stop, and wait until they have ended; for a limited time."""
        members = list(self._members.values())
        await asyncio.gather(*(self._stop(member, patience) for member in members))

    async def _stop(self, member: Member, patience: float) -> None:
        with contextlib.suppress(EngineError, asyncio.TimeoutError, TimeoutError):
            if member.has_started:
                await self._exchange.request(member.host.uid, Message(STOP), timeout=patience)
                await asyncio.wait_for(member.process.has_ended.wait(), patience)

    async def kill(self, uid: str) -> None:
        """End a host by force, and wait until it has ended."""
        member = self._members.get(uid)
        if member is None:
            return
        member.is_ending = True
        if not member.process.kill():
            run = asyncio.get_running_loop().run_in_executor
            await run(None, self._kill_marked, HOST_VARIABLE, uid)
            member.process.kill_outer()
        await member.process.has_ended.wait()

    async def kill_all(self) -> None:
        """End all hosts by force, and wait until they and their descendants have ended."""
        await asyncio.gather(*map(self.kill, list(self._members)))
        await asyncio.gather(*self._cleanups, return_exceptions=True)

    async def _on_hello(self, sender: str, request: Message) -> Message:
        pid = request.fields.get("pid")
        member = self._members.get(sender)
        if member is None or not isinstance(pid, int):
            raise EngineError(f"unexpected host {sender}")
        member.process.identify(pid)
        member.host = Host(sender, member.host.plan, pid)
        lost = {uid: reason_to_plain(reason) for uid, reason in self._lost.items()}
        return Message("engine:settings", {"lost": lost}, self._plan.settings)

    async def _on_ready(self, sender: str, _request: Message) -> Message:
        member = self._members.get(sender)
        if member is not None and not member.ready.done():
            member.ready.set_result(None)
        return OK

    async def _on_failed(self, sender: str, request: Message) -> Message:
        member = self._members.get(sender)
        if member is not None:
            member.note_failure(f"could not start: {request.fields.get('text')}")
        return OK

    def _on_end(self, uid: str, code: int, lines: Sequence[str]) -> None:
        member = self._members.pop(uid)
        reason = self._lost[uid] = member.reason(code, lines)
        if code:
            self._kill_descendants(uid)
        if not member.has_started:
            printed = "".join(f"\n{line}" for line in lines) or " nothing"
            member.note_failure(f"{reason}; it printed:{printed}")
        self._on_lost(uid, reason)

    def _kill_descendants(self, uid: str) -> None:
        # if its watchdog was killed, they may still run
        run = asyncio.get_running_loop().run_in_executor
        kill = run(None, self._kill_marked, HOST_VARIABLE, uid)
        self._cleanups.add(kill)
        kill.add_done_callback(self._cleanups.discard)


def _new_host(plan: HostPlan) -> Host:
    return Host(f"{plan.name}@{secrets.token_hex(4)}", plan)
