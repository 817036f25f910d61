"""Receivers that left without fetching all messages, so that senders do not wait for them.

A MUSCLE3 instance fetches its messages, and its sender waits until all are fetched. One that has
failed may never do so. It has left if it has ended all its sessions, or if it has lost its
connection and its own addresses refuse new ones. An instance that has not fetched anything yet is
not given up: it may still compute, and its addresses may be unreachable from here.

One of our own connects as soon as it has its peers. If it has not done so after a minute, and its
addresses refuse connections, then it has failed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, final

from adapters.tcp.outboxes import Outboxes
from adapters.tcp.outgoing_stream import RETURN_TIME, OutgoingStream
from adapters.tcp.server import Server

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 10.0
PAUSE_GROWTH: Final = 1.5


def _refuses_connections(locations: Sequence[str]) -> bool:
    # rarely needed, and an instance starts sooner without it
    from adapters.tcp.instance_probe import refuses_connections

    return refuses_connections(locations)


@final
class Departures:
    """Finds receivers that have left, and drops what waits for them.

    Args:
        server: Has the sessions of the receivers that fetch.
        outboxes: Hold the messages for them.
        report: Receives a sentence about messages that are dropped.
        refuses: Returns whether the addresses in some locations refuse connections.
    """

    def __init__(
        self,
        *,
        server: Server,
        outboxes: Outboxes,
        report: Callable[[str], None],
        refuses: Callable[[Sequence[str]], bool] = _refuses_connections,
    ) -> None:
        self._server = server
        self._outboxes = outboxes
        self._report = report
        self._refuses = refuses
        self._locations: dict[str, Sequence[str]] = {}
        self._fetching: set[str] = set()

    def add_receiver(self, instance: str, locations: Sequence[str]) -> None:
        """Note where a receiver can be reached."""
        self._locations[instance] = locations

    def note_fetching(self, instance: str) -> None:
        """Note that a receiver has requested a message."""
        self._fetching.add(instance)

    def drop_undeliverable(self) -> None:
        """Drop the messages for receivers that have left."""
        gone: dict[str, bool] = {}
        for endpoint in self._outboxes.waiting():
            instance = instance_of(endpoint)
            if instance not in gone:
                gone[instance] = self._has_left(instance)
            if gone[instance]:
                self._outboxes.drop(endpoint)
                self._report(
                    f"Instance '{instance}' has left without receiving all messages that were sent"
                    f" to '{endpoint}'. Did it fail?"
                )

    def end_sessions(self) -> None:
        """End the sessions of receivers that have left without doing so."""
        for instance in sorted(self._fetching):
            if self._server.sessions_of(instance) and self._has_left(instance):
                self._server.end_sessions_of(instance)

    def give_up_unconnected(self, streams: Mapping[str, OutgoingStream], *, waited: float) -> None:
        """Close streams to receivers that never connected.

        Args:
            streams: The streams by receiving instance.
            waited: For how many seconds they have been waited for.
        """
        if waited < RETURN_TIME:
            return
        for instance, stream in streams.items():
            if stream.awaits_first_connection and self._refuses(self._locations.get(instance, ())):
                self._report(
                    f"Instance '{instance}' has left without receiving any message. Did it fail?"
                )
                stream.close()

    def _has_left(self, instance: str) -> bool:
        if instance not in self._fetching:
            return False
        sessions = self._server.sessions_of(instance)
        if not sessions:
            return True
        if any(session.connections for session in sessions):
            return False
        return self._refuses(self._locations.get(instance, ()))


def instance_of(endpoint: str) -> str:
    """Return the instance in an endpoint as text.

    Example:
        >>> instance_of("outer.micro[3].init[7]")
        'outer.micro[3]'
    """
    return endpoint.rpartition(".")[0]
