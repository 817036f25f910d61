"""Connects an instance to MUSCLE3's instances, which request each message."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, final

from adapters.tcp.checked_wait import wait_with_checks
from adapters.tcp.departures import Departures, instance_of
from adapters.tcp.outboxes import Outboxes, OutboxOutlet
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.pulling_inlet import PulledPeer, PullingInlet
from adapters.tcp.queue_limit import QueueGate, QueueLimit
from adapters.tcp.server import Reply
from adapters.wire.locations import TCP, format_location, has_scheme
from adapters.wire.session_server import Request
from application.interfaces.admission import Client
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport, WaitForRoom
from domain.coupling.peers import Endpoint

GOODBYE_TIMEOUT: Final = 60.0


@final
class PullPeerTransport(PeerTransport):
    """Sends to and receives from peers with a `tcp:` location, in MUSCLE3's protocol.

    A sender keeps each message in an outbox until the receiver requests it.

    Args:
        server: Accepts the connections of receivers.
        check_fetch: Called with a client and the instance whose messages it requests; raises a
            RemoteProtocolError to refuse the request.
    """

    def __init__(
        self,
        *,
        server: PeerServer,
        check_fetch: Callable[[Client, str], None] = lambda _client, _instance: None,
    ) -> None:
        self._check_fetch = check_fetch
        self._server = server
        self._locations = [format_location(TCP, server.addresses)]
        self._outboxes = Outboxes()
        self._queue_limit = QueueLimit()
        self._pulled: dict[str, PulledPeer] = {}
        self._receivers: set[str] = set()
        self._retry_limit: float | None = None
        self._departures = Departures(server=server, outboxes=self._outboxes, report=server.report)
        self._is_closed = False
        self._changed = threading.Condition()
        server.serve_requests(self._handle, on_session_ended=self._note_session_ended)

    def locations(self) -> Sequence[str]:
        return self._locations

    def reaches(self, peer_locations: Sequence[str]) -> bool:
        return has_scheme(peer_locations, TCP)

    def outlet(
        self,
        *,
        sender: Endpoint,
        receiver: Endpoint,
        peer_locations: Sequence[str],
    ) -> Outlet:
        with self._changed:
            self._receivers.add(str(receiver.instance))
        self._departures.add_receiver(str(receiver.instance), peer_locations)
        gate = QueueGate(
            self._queue_limit,
            sender=sender,
            receiver=receiver,
            check=self._departures.drop_undeliverable,
        )
        return OutboxOutlet(self._outboxes, sender=str(sender), receiver=str(receiver), gate=gate)

    def inlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Inlet:
        peer = str(sender.instance)
        if peer not in self._pulled:
            self._pulled[peer] = PulledPeer(peer, peer_locations)
            if self._retry_limit is not None:
                self._pulled[peer].limit_retries(self._retry_limit)
        return PullingInlet(self._pulled[peer], receiver=str(receiver))

    def must_drain(self, peer_locations: Sequence[str]) -> bool:  # noqa: ARG002 - of every peer
        return True

    def has_messages_in_transit(self) -> bool:
        return self._server.has_responses_in_transit()

    def limit_queues(self, size: int | None, *, wait: WaitForRoom) -> None:
        self._queue_limit.set(size, wait=wait)

    def limit_retries(self, seconds: float) -> None:
        self._retry_limit = seconds
        for pulled in self._pulled.values():
            pulled.limit_retries(seconds)

    def finish_receiving(self) -> None:
        for pulled in self._pulled.values():
            pulled.close()

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        end = math.inf if timeout is None else time.monotonic() + timeout
        if not wait_with_checks(
            lambda left: self._outboxes.wait_until_empty(timeout=left),
            end=end,
            check=self._departures.drop_undeliverable,
        ):
            return False
        # A client that has just lost its connection will reconnect to get its last response, so
        # wait until all clients have ended their sessions.
        end = min(end, time.monotonic() + GOODBYE_TIMEOUT)
        wait_with_checks(self._all_have_left, end=end, check=self._departures.end_sessions)
        return True

    def close(self) -> None:
        self.finish_receiving()
        with self._changed:
            if self._is_closed:
                return
            self._is_closed = True
        self._server.leave()

    def _handle(self, request: Request, reply: Reply) -> None:
        session = request.session

        def check(receiver: str) -> None:
            self._check_fetch(session.owner, instance_of(receiver))

        instance = instance_of(self._outboxes.handle(request.body, reply, check))
        session.client = instance
        self._departures.note_fetching(instance)

    def _all_have_left(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._has_sessions(), timeout=timeout)

    def _has_sessions(self) -> bool:
        # those of others do not matter: there are no messages for them
        return not self._receivers.isdisjoint(self._server.clients())

    def _note_session_ended(self) -> None:
        with self._changed:
            self._changed.notify_all()
