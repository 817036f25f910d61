"""Chooses the transport to each peer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import final

from application.interfaces.clock import Clock
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport, WaitForRoom
from domain.coupling.peers import Endpoint
from domain.errors import PeerUnreachable
from domain.identity import Reference


@final
class PeerTransports(PeerTransport):
    """Combines the transports of an instance: each peer gets the first that reaches it.

    The choice is made once for each inlet and outlet, not for each message. Both ends of a conduit
    choose independently, so all instances of a run must prefer the transports that they share in
    the same order.

    Args:
        transports: The transports, the preferred first.
        clock: Measures the time that the transports may wait.
    """

    def __init__(self, transports: Sequence[PeerTransport], *, clock: Clock) -> None:
        self._transports = tuple(transports)
        self._clock = clock

    def locations(self) -> Sequence[str]:
        # The preferred scheme comes last, so that MUSCLE3's `tcp:` precedes schemes that MUSCLE3
        # does not support.
        return [
            location
            for transport in reversed(self._transports)
            for location in transport.locations()
        ]

    def reaches(self, peer_locations: Sequence[str]) -> bool:
        return any(transport.reaches(peer_locations) for transport in self._transports)

    def outlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Outlet:
        transport = self._transport_to(receiver.instance, peer_locations)
        return transport.outlet(sender=sender, receiver=receiver, peer_locations=peer_locations)

    def inlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Inlet:
        transport = self._transport_to(sender.instance, peer_locations)
        return transport.inlet(sender=sender, receiver=receiver, peer_locations=peer_locations)

    def must_drain(self, peer_locations: Sequence[str]) -> bool:
        # only the first transport that reaches the peer is used
        for transport in self._transports:
            if transport.reaches(peer_locations):
                return transport.must_drain(peer_locations)
        return False

    def has_messages_in_transit(self) -> bool:
        return any(transport.has_messages_in_transit() for transport in self._transports)

    def limit_queues(self, size: int | None, *, wait: WaitForRoom) -> None:
        for transport in self._transports:
            transport.limit_queues(size, wait=wait)

    def limit_retries(self, seconds: float) -> None:
        for transport in self._transports:
            transport.limit_retries(seconds)

    def finish_receiving(self) -> None:
        for transport in self._transports:
            transport.finish_receiving()

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        end = None if timeout is None else self._clock.monotonic() + timeout
        return all(
            transport.wait_until_sent(
                timeout=None if end is None else max(0.0, end - self._clock.monotonic())
            )
            for transport in self._transports
        )

    def close(self) -> None:
        # the exit stack closes all transports even if one raises
        with contextlib.ExitStack() as stack:
            for transport in reversed(self._transports):
                stack.callback(transport.close)

    def _transport_to(self, peer: Reference, peer_locations: Sequence[str]) -> PeerTransport:
        for transport in self._transports:
            if transport.reaches(peer_locations):
                return transport
        msg = (
            f"Cannot connect to peer '{peer}': none of the transports of this instance"
            f" ({', '.join(self._schemes()) or 'it has none'}) reaches the locations that the peer"
            f" published ({', '.join(peer_locations) or 'it published none'}). Do both use"
            " compatible versions of the library?"
        )
        raise PeerUnreachable(msg)

    def _schemes(self) -> Iterable[str]:
        return dict.fromkeys(
            location.partition(":")[0]
            for transport in self._transports
            for location in transport.locations()
        )
