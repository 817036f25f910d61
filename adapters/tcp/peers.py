"""Connects an instance to its peers: by streams to our own, by requests to MUSCLE3's."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, final

from adapters.tcp.departures import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PAUSE_GROWTH,
    Departures,
    instance_of,
)
from adapters.tcp.incoming_stream import IncomingStream, StreamConnection, StreamInlet
from adapters.tcp.outboxes import Outboxes, OutboxOutlet
from adapters.tcp.outgoing_stream import OutgoingStream, StreamOutlet
from adapters.tcp.pulling import PulledPeer, PullingInlet
from adapters.tcp.server import Reply, Server, TroubleCallback
from adapters.wire import stream
from adapters.wire.locations import CONJOIN, TCP, Address, format_location, speaks_conjoin
from adapters.wire.session import Request
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport
from domain.errors import RemoteProtocolError
from domain.peers import Endpoint

MAX_REQUEST: Final = 2**20
GOODBYE_TIMEOUT: Final = 60.0


@final
class TcpPeerTransport(PeerTransport):
    """Sends to and receives from peers.

    Args:
        instance: Name of this instance.
        secret: The run's secret. Without it our own streams are neither offered nor used.
        hosts: Addresses to listen on; None for all of this machine's.
        on_trouble: Is told, in words and on a thread of its own, of strangers who make no sense.
    """

    def __init__(
        self,
        instance: str,
        *,
        secret: str | None = None,
        hosts: Sequence[str] | None = None,
        on_trouble: TroubleCallback = lambda _text: None,
    ) -> None:
        self._instance = instance
        self._secret = secret
        self._outboxes = Outboxes()
        self._outgoing: dict[str, OutgoingStream] = {}
        self._incoming: dict[str, IncomingStream] = {}
        self._pulled: dict[str, PulledPeer] = {}
        self._retry_limit: float | None = None
        self._changed = threading.Condition()
        self._server = Server(
            self._handle,
            name=f"conjoin-io-{instance}",
            max_request=MAX_REQUEST,
            secret=secret,
            on_stream=self._take_stream,
            on_session_ended=self._notice_end_of_session,
            on_trouble=on_trouble,
        )
        self._departures = Departures(
            server=self._server, outboxes=self._outboxes, report=on_trouble
        )
        addresses = self._server.listen(hosts) if hosts else self._server.listen_everywhere()
        self._locations = [format_location(TCP, addresses)]
        if secret is not None:
            unix = self._server.listen_unix()
            own: list[Address] = [*([unix] if unix else []), *addresses]
            self._locations.append(format_location(CONJOIN, own))
        self._server.start()

    def locations(self) -> Sequence[str]:
        return self._locations

    def outlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Outlet:
        self._departures.add_receiver(str(receiver.instance), peer_locations)
        if self._uses_streams(peer_locations):
            outgoing = self._outgoing_to(str(receiver.instance))
            return StreamOutlet(outgoing, receiver=str(receiver))
        return OutboxOutlet(self._outboxes, sender=str(sender), receiver=str(receiver))

    def inlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Inlet:
        peer = str(sender.instance)
        if not self._uses_streams(peer_locations):
            if peer not in self._pulled:
                self._pulled[peer] = PulledPeer(peer, peer_locations)
                if self._retry_limit is not None:
                    self._pulled[peer].limit_retries(self._retry_limit)
            return PullingInlet(self._pulled[peer], receiver=str(receiver))
        if peer not in self._incoming:
            connection = StreamConnection(
                peer, peer_locations, receiver=self._instance, secret=self._secret or ""
            )
            self._incoming[peer] = IncomingStream(peer, connection)
        return StreamInlet(self._incoming[peer], sender=str(sender), receiver=str(receiver))

    def must_drain(self, peer_locations: Sequence[str]) -> bool:
        return not self._uses_streams(peer_locations)

    def limit_retries(self, seconds: float) -> None:
        self._retry_limit = seconds
        for pulled in self._pulled.values():
            pulled.limit_retries(seconds)

    def finish_receiving(self) -> None:
        for incoming in self._incoming.values():
            incoming.close()
        for pulled in self._pulled.values():
            pulled.close()

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        start = time.monotonic()
        end = math.inf if timeout is None else start + timeout

        def drop_undeliverable() -> None:
            self._departures.drop_undeliverable()
            waited = time.monotonic() - start
            self._departures.give_up_unconnected(self._outgoing, waited=waited)

        if not _wait_until(self._is_taken, end, meanwhile=drop_undeliverable):
            return False
        # A client whose connection is cut just now comes back for its last response, so stay
        # until all have said goodbye.
        end = min(end, time.monotonic() + GOODBYE_TIMEOUT)
        _wait_until(self._all_have_left, end, meanwhile=self._departures.end_sessions)
        return True

    def _is_taken(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        waits = [self._outboxes.wait_until_empty]
        waits += [outgoing.wait_until_sent for outgoing in self._outgoing.values()]
        return all(wait(timeout=max(0.0, end - time.monotonic())) for wait in waits)

    def _all_have_left(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._server.session_count == 0, timeout=timeout)

    def close(self) -> None:
        self.finish_receiving()
        self._server.close()
        for outgoing in self._outgoing.values():
            outgoing.close()

    def _uses_streams(self, peer_locations: Sequence[str]) -> bool:
        return self._secret is not None and speaks_conjoin(peer_locations)

    def _outgoing_to(self, peer: str) -> OutgoingStream:
        with self._changed:
            if peer not in self._outgoing:
                self._outgoing[peer] = OutgoingStream(self._server.loop)
            return self._outgoing[peer]

    def _handle(self, request: Request, reply: Reply) -> None:
        instance = instance_of(self._outboxes.handle(request.body, reply))
        request.session.client = instance
        self._departures.note_fetching(instance)

    def _take_stream(self, sock: socket.socket, hello: bytes) -> None:
        try:
            receiver, received = stream.decode_hello(hello)
        except RemoteProtocolError:
            sock.close()
            raise
        # A peer may connect before we know of it: it was told of us first.
        self._outgoing_to(receiver).attach(sock, received)

    def _notice_end_of_session(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _wait_until(
    is_done: Callable[[float], bool], end: float, *, meanwhile: Callable[[], None]
) -> bool:
    """Wait for a condition; return whether it is fulfilled.

    Args:
        is_done: Waits for it, for so many seconds.
        end: When to give up, on the monotonic clock.
        meanwhile: Is called from time to time, with growing pauses.
    """
    pause = FIRST_PAUSE
    while True:
        left = max(0.0, end - time.monotonic())
        if is_done(min(left, pause)):
            return True
        if left <= pause:
            return False
        meanwhile()
        pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)
