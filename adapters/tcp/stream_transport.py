"""Connects an instance to other instances of ours, by streams of messages."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import final

from adapters.io.connections import Connection
from adapters.tcp.checked_wait import wait_with_checks
from adapters.tcp.departures import is_gone_here, refuses_connections
from adapters.tcp.incoming_stream import IncomingStream, StreamConnection, StreamInlet
from adapters.tcp.outgoing_stream import OutgoingStream, StreamOutlet
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.queue_limit import QueueGate, QueueLimit
from adapters.wire import stream
from adapters.wire.locations import CONJOIN, format_location, has_scheme
from adapters.wire.session_server import StreamRequested
from adapters.wire.stream_sender import RETURN_TIME
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport, WaitForRoom
from domain.coupling.peers import Endpoint
from domain.errors import RemoteProtocolError
from domain.running.clients import instance_identity


@final
class StreamPeerTransport(PeerTransport):
    """Sends to and receives from peers with a `conjoin:` location.

    One stream carries all messages from one instance to another. The receiver connects to the
    sender.

    Args:
        instance: Name of this instance.
        server: Accepts the connections of receivers.
        secret: The run's secret; each end proves that it knows it.
    """

    def __init__(self, instance: str, *, server: PeerServer, secret: str) -> None:
        self._instance = instance
        self._server = server
        self._secret = secret
        self._locations = [format_location(CONJOIN, [*server.local_addresses, *server.addresses])]
        self._outgoing: dict[str, OutgoingStream] = {}
        self._receivers: dict[str, Sequence[str]] = {}
        self._incoming: dict[str, IncomingStream] = {}
        self._queue_limit = QueueLimit()
        self._began = time.monotonic()
        self._is_closed = False
        self._changed = threading.Lock()
        server.serve_streams(self._take_stream)

    def locations(self) -> Sequence[str]:
        return self._locations

    def reaches(self, peer_locations: Sequence[str]) -> bool:
        return has_scheme(peer_locations, CONJOIN)

    def outlet(
        self,
        *,
        sender: Endpoint,
        receiver: Endpoint,
        peer_locations: Sequence[str],
    ) -> Outlet:
        self._receivers[str(receiver.instance)] = peer_locations
        outgoing = self._outgoing_to(str(receiver.instance))
        gate = QueueGate(
            self._queue_limit, sender=sender, receiver=receiver, check=self._give_up_late
        )
        return StreamOutlet(outgoing, receiver=str(receiver), gate=gate)

    def inlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Inlet:
        peer = str(sender.instance)
        if peer not in self._incoming:
            connection = StreamConnection(
                peer, peer_locations, receiver=self._instance, secret=self._secret
            )
            self._incoming[peer] = IncomingStream(peer, connection)
        return StreamInlet(self._incoming[peer], sender=str(sender), receiver=str(receiver))

    def must_drain(self, peer_locations: Sequence[str]) -> bool:  # noqa: ARG002 - of no peer
        return False

    def has_messages_in_transit(self) -> bool:
        return any(outgoing.is_in_transit for outgoing in list(self._outgoing.values()))

    def limit_queues(self, size: int | None, *, wait: WaitForRoom) -> None:
        self._queue_limit.set(size, wait=wait)

    def limit_retries(self, seconds: float) -> None:
        """Do nothing: a failed instance no longer receives from streams."""

    def finish_receiving(self) -> None:
        for incoming in self._incoming.values():
            incoming.close()

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        start = time.monotonic()

        def give_up_gone() -> None:
            self._give_up_disconnected()
            if time.monotonic() - start >= RETURN_TIME:
                self._give_up_unconnected()

        end = math.inf if timeout is None else start + timeout
        return wait_with_checks(self._is_all_received, end=end, check=give_up_gone)

    def close(self) -> None:
        self.finish_receiving()
        with self._changed:
            if self._is_closed:
                return
            self._is_closed = True
            streams = list(self._outgoing.values())
        for outgoing in streams:
            outgoing.close()
        self._server.leave()

    def _is_all_received(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        return all(
            outgoing.wait_until_sent(timeout=max(0.0, end - time.monotonic()))
            for outgoing in list(self._outgoing.values())
        )

    def _give_up_late(self) -> None:
        """Give up receivers that are gone, and those that had the time to connect and did not."""
        self._give_up_disconnected()
        if time.monotonic() - self._began >= RETURN_TIME:
            self._give_up_unconnected()

    def _give_up_disconnected(self) -> None:
        """Close the streams to receivers on this machine that lost their connection and are gone.

        On another machine, a firewall may refuse connections to a receiver that can still connect.
        """
        for instance, outgoing in list(self._outgoing.items()):
            locations = self._receivers.get(instance, ())
            if outgoing.awaits_reconnection and is_gone_here(locations):
                outgoing.close()

    def _give_up_unconnected(self) -> None:
        """Close the streams to receivers that never connected and now refuse connections.

        Our own instances connect as soon as they know their peers, so these failed before that.
        """
        for instance, outgoing in list(self._outgoing.items()):
            locations = self._receivers.get(instance, ())
            if outgoing.awaits_first_connection and refuses_connections(locations):
                self._server.report(
                    f"Instance '{instance}' has left without receiving any message. Did it fail?"
                )
                outgoing.close()

    def _outgoing_to(self, peer: str) -> OutgoingStream:
        with self._changed:
            if peer not in self._outgoing:
                self._outgoing[peer] = OutgoingStream(self._server.loop, limit=self._queue_limit)
                if self._is_closed:
                    # receivers can still connect if another transport keeps the server open
                    self._outgoing[peer].close()
            return self._outgoing[peer]

    def _take_stream(self, sock: Connection, request: StreamRequested) -> None:
        try:
            receiver, received = stream.decode_hello(request.hello)
            _check_identity(request.client, receiver)
        except RemoteProtocolError:
            sock.close()
            raise
        # A peer may learn our location, and connect, before we learn about the peer.
        self._outgoing_to(receiver).attach(sock, received, trailing_data=request.trailing_data)


def _check_identity(client: str, receiver: str) -> None:
    """Check that a client requests the stream for the instance that it has proved to be.

    Raises:
        RemoteProtocolError: If not.
    """
    if client != instance_identity(receiver):
        msg = f"'{client}' requested the stream for instance '{receiver}'"
        raise RemoteProtocolError(msg)
