"""Admits clients that do not prove that they know the run's secret, such as MUSCLE3's programs."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import final

from adapters.io.connections import Connection
from adapters.wire.session_server import Session
from application.interfaces.admission import Client
from application.interfaces.peer_processes import PeerProcesses
from domain.errors import RemoteProtocolError
from domain.running.clients import Origin, Trust, refusal_of


@final
class Strangers:
    """Decides which clients without proof may open or resume a session.

    Args:
        processes: Returns the object that finds out who connects. It is called once, when the first
            such client connects, because most instances never need it.
        trust: Which of these clients are served; may be changed later.
    """

    def __init__(
        self, processes: Callable[[], PeerProcesses], *, trust: Trust = Trust.USER
    ) -> None:
        self._open_processes = processes
        self._processes: PeerProcesses | None = None
        self.trust = trust

    def admit(self, sock: socket.socket, session: Session | None) -> Origin:
        """Return where a client connects from.

        Args:
            sock: Its connection.
            session: The session that it resumes; None if it opens a new one.

        Raises:
            RemoteProtocolError: If it is refused.
        """
        origin = self._origin(sock)
        reason = refusal_of(origin, self.trust, uid=os.geteuid())
        if reason is not None:
            raise RemoteProtocolError(reason)
        if session is not None and not self._is_same(session, origin):
            msg = f"a client wants to resume session {session.id}, which belongs to another"
            raise RemoteProtocolError(msg)
        return origin

    def check_fetch(self, client: Client, instance: str) -> None:
        """Check whether a client may fetch the messages for an instance.

        A process of another namespace cannot be found from here. It is served: its user and its
        machine have been checked.

        Args:
            client: The client, which has opened a session.
            instance: The receiving instance.

        Raises:
            RemoteProtocolError: If it may not.
        """
        if self.trust is not Trust.STARTED or client.identity or client.instance == instance:
            return
        origin, processes = client.origin, self._processes
        if origin is None or processes is None:
            return
        process = client.process or processes.process_of(origin, instance=instance)
        if process is not None and not processes.was_started_for(process, instance):
            msg = (
                f"process {process.pid} wanted to fetch the messages for instance '{instance}', and"
                " was refused: the manager started another program for this instance"
            )
            raise RemoteProtocolError(msg)
        client.process, client.instance = process, instance

    def locate(self, sock: Connection) -> Origin | None:
        """Return where a client connects from, whatever it has proved; None if unknown."""
        try:
            return self._origin(sock)
        except (RemoteProtocolError, OSError):
            return None

    def _origin(self, sock: Connection) -> Origin:
        if sock.family == socket.AF_UNIX:
            msg = "a client of a Unix socket did not prove that it knows the secret of this run"
            raise RemoteProtocolError(msg)
        if self._processes is None:
            self._processes = self._open_processes()
        try:
            own, peer = sock.getsockname(), sock.getpeername()
        except OSError as error:
            msg = f"a client left before its address was known: {error}"
            raise RemoteProtocolError(msg) from error
        return self._processes.origin(own[:2], peer[:2])

    def _is_same(self, session: Session, origin: Origin) -> bool:
        before = session.owner.origin
        if before is None or (before.is_local, before.uid) != (origin.is_local, origin.uid):
            return False
        process = session.owner.process
        if process is None or self._processes is None:
            return origin.is_local or before.host == origin.host
        return self._processes.is_held_by(origin, process)
