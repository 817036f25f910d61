"""Detects receivers that have left without fetching all messages, so that senders do not wait.

A MUSCLE3 instance fetches its messages, and its sender waits until all are fetched. A receiver that
has failed may never fetch them. It has left if it has ended all its sessions, or if it has lost its
connection and its own addresses refuse new ones. An instance that has not fetched any message yet
does not count as having left: it may still compute, and its addresses may be unreachable from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from adapters.tcp.outboxes import Outboxes
from adapters.tcp.peer_server import PeerServer


def refuses_connections(locations: Sequence[str]) -> bool:
    """Return whether the addresses of an instance refuse connections. Blocks for some seconds."""
    # imported lazily: it is rarely needed, and delays the start of an instance
    from adapters.tcp import instance_probe

    return instance_probe.refuses_connections(locations)


@final
class Departures:
    """Finds receivers that have left, and drops the messages for them.

    Args:
        server: Has the sessions of the receivers.
        outboxes: Hold the messages for them.
        report: Receives a warning about messages that are dropped.
        refuses: Returns whether the addresses in the given locations refuse connections.
    """

    def __init__(
        self,
        *,
        server: PeerServer,
        outboxes: Outboxes,
        report: Callable[[str], None],
        refuses: Callable[[Sequence[str]], bool] = refuses_connections,
    ) -> None:
        self._server = server
        self._outboxes = outboxes
        self._report = report
        self._refuses = refuses
        self._locations: dict[str, Sequence[str]] = {}
        self._fetching: set[str] = set()

    def add_receiver(self, instance: str, locations: Sequence[str]) -> None:
        """Record the locations of a receiver."""
        self._locations[instance] = locations

    def note_fetching(self, instance: str) -> None:
        """Record that a receiver has requested a message."""
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
        """End the sessions of receivers that have left without ending them."""
        for instance in sorted(self._fetching):
            if self._server.sessions_of(instance) and self._has_left(instance):
                self._server.end_sessions_of(instance)

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
