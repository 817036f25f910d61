"""Connects an instance to MUSCLE3's instances, by requests for messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final, final

from adapters.tcp.outboxes import Outboxes, OutboxOutlet
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.pulling_inlet import PulledPeer, PullingInlet
from adapters.tcp.server import Reply
from adapters.wire.locations import TCP, format_location, has_scheme
from adapters.wire.session_server import Request
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport
from domain.coupling.peers import Endpoint

GOODBYE_TIMEOUT: Final = 60.0


@final
class PullPeerTransport(PeerTransport):
    """Sends to and receives from peers with a `tcp:` location, in MUSCLE3's protocol.

    A sender keeps each message in an outbox until the receiver requests it.

    Args:
        server: Accepts the connections of receivers.
    """

    def __init__(self, *, server: PeerServer) -> None:
        self._server = server
        self._locations = [format_location(TCP, server.addresses)]
        self._outboxes = Outboxes()
        self._pulled: dict[str, PulledPeer] = {}
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
        peer_locations: Sequence[str],  # noqa: ARG002 - the receiver connects
    ) -> Outlet:
        return OutboxOutlet(self._outboxes, sender=str(sender), receiver=str(receiver))

    def inlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Inlet:
        peer = str(sender.instance)
        if peer not in self._pulled:
            self._pulled[peer] = PulledPeer(peer, peer_locations)
        return PullingInlet(self._pulled[peer], receiver=str(receiver))

    def finish_receiving(self) -> None:
        for pulled in self._pulled.values():
            pulled.close()

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        end = None if timeout is None else time.monotonic() + timeout
        if not self._outboxes.wait_until_empty(timeout=timeout):
            return False
        # A client that has just lost its connection reconnects for its last response, so wait until
        # all clients have ended their sessions.
        left = GOODBYE_TIMEOUT if end is None else max(0.0, end - time.monotonic())
        with self._changed:
            self._changed.wait_for(lambda: self._server.session_count == 0, timeout=left)
        return True

    def close(self) -> None:
        self.finish_receiving()
        with self._changed:
            if self._is_closed:
                return
            self._is_closed = True
        self._server.leave()

    def _handle(self, request: Request, reply: Reply) -> None:
        self._outboxes.handle(request.body, reply)

    def _note_session_ended(self) -> None:
        with self._changed:
            self._changed.notify_all()
