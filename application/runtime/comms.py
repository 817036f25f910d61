"""The communications of a process with the runtimes of other members."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from functools import partial

from application.runtime.correspondence import Correspondence
from application.runtime.log import RuntimeLog
from application.runtime.members import Members
from application.runtime.packing import Packing
from application.runtime.reception import ERROR, OK, Reception
from application.runtime.runtime_proxy import RuntimeProxy
from domain.runtime.handles import MemberHandle
from domain.runtime.payloads import Message
from domain.runtime.uids import plain

REMOTE = "runtime"
FIELDS: Mapping[str, tuple[type, ...]] = {"to": (str,), "name": (str,)}

Call = Callable[..., object]


class Comms:
    """Calls the remote names of runtimes, and serves those of this process.

    Args:
        members: The members, with their addresses.
        correspondence: Sends requests.
        packing: Pickles arguments.
        reception: Receives requests.
        names: The names that peers may call.
        log: Gets the errors of calls without a reply.
    """

    def __init__(
        self,
        *,
        members: Members,
        correspondence: Correspondence,
        packing: Packing,
        reception: Reception,
        names: frozenset[str],
        log: RuntimeLog,
    ) -> None:
        self._members = members
        self._correspondence = correspondence
        self._packing = packing
        self._names = names
        self._log = log
        self._proxies: dict[str, RuntimeProxy] = {}
        self._served: dict[str, Mapping[str, Call]] = {}
        self._sending: set[asyncio.Future[object]] = set()
        packing.add(
            RuntimeProxy, lambda proxy: MemberHandle(proxy.uid), MemberHandle, self._restore
        )
        reception.add(REMOTE, FIELDS, self._serve)

    @property
    def address(self) -> str:
        """The host name or address of this process for others."""
        return "localhost"

    @property
    def port(self) -> int:
        """Its TCP port; 0, because engines on one machine use none."""
        return 0

    @property
    def pubsub_port(self) -> int:
        """The TCP port of the monitor's announcements; 0 as above."""
        return 0

    def uid_address(self, uid: str) -> str:
        """Return the address of a connected peer.

        Raises:
            KeyError: It is not connected.
        """
        return self._members.find(uid).address

    def uid_port(self, uid: str) -> int:
        """Return the port of a connected peer.

        Raises:
            KeyError: It is not connected.
        """
        return self._members.find(uid).port

    def check_remote(self, name: str) -> None:
        """Check that peers may call a name.

        Raises:
            AttributeError: They may not.
        """
        if name not in self._names:
            msg = f"'{name}' is not a name of a runtime that peers may call"
            raise AttributeError(msg)

    def serve(self, uid: str, calls: Mapping[str, Call]) -> None:
        """Serve the remote names of a runtime of this process.

        Args:
            uid: Its uid, in the plain form.
            calls: What to call for each name, with the sender's uid first.
        """
        self._served[plain(uid)] = calls

    def proxy(self, uid: str) -> RuntimeProxy:
        """Return the proxy of a live member, always the same one.

        Raises:
            KeyError: There is no such member.
        """
        return self.registered(self._members.find(uid).uid)

    def registered(self, uid: str, proxy: RuntimeProxy | None = None) -> RuntimeProxy:
        """Return the registered proxy of a uid; register one if necessary."""
        found = self._proxies.get(uid)
        if found is None:
            found = self._proxies[uid] = proxy or RuntimeProxy(uid=uid, comms=self)
        return found

    def remove(self, uid: str) -> None:
        """Remove a registered proxy; an unknown uid is ignored."""
        self._proxies.pop(uid, None)

    def call(
        self, uid: str, name: str, keywords: Mapping[str, object], *, reply: bool
    ) -> Awaitable[object]:
        """Call a remote name.

        Args:
            uid: The runtime.
            name: The name.
            keywords: Its arguments.
            reply: Whether the await returns the value, instead of returning when it is sent.
        """
        work = asyncio.ensure_future(self._request(uid, name, dict(keywords)))
        if reply:
            return work
        self._sending.add(work)
        work.add_done_callback(partial(self._sent, f"{uid}: {name}()"))
        return _Sent()

    async def _request(self, uid: str, name: str, keywords: dict[str, object]) -> object:
        parcel = self._packing.pack(keywords, name=f"arguments of {name}")
        message = Message(
            REMOTE, {"to": plain(uid), "name": name}, parcel.payload, tuple(parcel.values)
        )
        reply = await self._correspondence.request(self._members.host_of(uid), message)
        if reply.kind == ERROR:
            raise self._packing.unpack_error(reply.payload)
        return self._packing.unpack(reply.payload) if len(reply.payload.data) else None

    def _sent(self, call: str, work: asyncio.Future[object]) -> None:
        self._sending.discard(work)
        error = None if work.cancelled() else work.exception()
        if error is not None:
            self._log.error(f"{call} failed: {type(error).__name__}: {error}")

    async def _serve(self, sender: str, message: Message) -> Message:
        to, name = str(message.fields["to"]), str(message.fields["name"])
        self.check_remote(name)
        if to not in self._served:
            raise KeyError(to)
        keywords = self._packing.unpack(message.payload)
        assert isinstance(keywords, dict)
        result = self._served[to][name](sender, **keywords)
        if asyncio.iscoroutine(result):
            result = await result
        if result is None:
            return OK
        parcel = self._packing.pack(result, name=f"result of {name}")
        return Message("ok", {}, parcel.payload, tuple(parcel.values))

    def _restore(self, handle: MemberHandle) -> RuntimeProxy:
        return self.registered(handle.uid)


class _Sent:
    """An optional awaitable for the caller of a method without a reply."""

    def __await__(self) -> Generator[object, None, None]:
        """Let the request be sent."""
        yield from asyncio.sleep(0).__await__()
