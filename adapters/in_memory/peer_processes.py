"""A table of connections and the processes that hold them."""

from __future__ import annotations

from typing import final

from application.interfaces.peer_processes import PeerProcesses
from domain.running.clients import Origin, Process


@final
class InMemoryPeerProcesses(PeerProcesses):
    """Knows the connections and processes that were added.

    Args:
        uid: Id of the user to whom all connections belong.
    """

    def __init__(self, *, uid: int) -> None:
        self._uid = uid
        self._holders: dict[int, Process] = {}
        self._instances: dict[Process, str] = {}

    def add(self, port: int, process: Process, *, instance: str = "") -> None:
        """Add a process that holds the other end of a connection.

        Args:
            port: Port of its end.
            process: The process.
            instance: Instance for which an agent started it, if any.
        """
        self._holders[port] = process
        self._instances[process] = instance

    def origin(self, own: tuple[str, int], peer: tuple[str, int]) -> Origin:  # noqa: ARG002
        host, port = peer
        if port not in self._holders:
            return Origin(host, is_local=False)
        return Origin(host, is_local=True, uid=self._uid, socket=port)

    def process_of(self, origin: Origin, *, instance: str) -> Process | None:  # noqa: ARG002
        return self._holders.get(origin.socket)

    def is_held_by(self, origin: Origin, process: Process) -> bool:
        return self._holders.get(origin.socket) == process

    def was_started_for(self, process: Process, instance: str) -> bool:
        return self._instances.get(process) == instance
