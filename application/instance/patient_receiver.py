"""Waiting for a message: telling who wonders, and finding deadlocks."""

from __future__ import annotations

from typing import Final

from application.interfaces.clock import Clock
from application.interfaces.manager_link import ManagerLink
from application.interfaces.peer_transport import Inlet
from domain.coupling.messages import PeerMessage
from domain.coupling.ports import port_label
from domain.errors import Deadlock

REPORT_AFTER: Final = 0.2
STATUS_INTERVAL: Final = 1.0
PAUSE_GROWTH: Final = 1.5
LEAST_TIMEOUT: Final = 0.1
DEFAULT_TIMEOUT: Final = 10.0


class PatientReceiver:
    """Waits for messages, and lets the manager know.

    After a short while the manager is told for whom we wait, so that it can be shown. After the
    receive timeout it is told again, this time as a possible part of a deadlock, and asked, with
    growing pauses, whether it is one.

    Args:
        link: Connection to the manager.
        clock: Tells the time.
    """

    def __init__(self, *, link: ManagerLink, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._deadlock_timeout: float | None = DEFAULT_TIMEOUT
        self._last_status = 0.0
        self._simulated_time: float | None = None

    def set_timeout(self, seconds: float) -> None:
        """Set after how many seconds a wait may be a deadlock; negative for never."""
        self._deadlock_timeout = None if seconds < 0 else max(seconds, LEAST_TIMEOUT)

    def note_progress(self, timestamp: float) -> None:
        """Report how far we are, at most once a second."""
        self._simulated_time = timestamp
        now = self._clock.monotonic()
        if now - self._last_status >= STATUS_INTERVAL:
            self._last_status = now
            self._link.report_status(simulated_time=timestamp, waiting=None)

    def receive(self, inlet: Inlet, *, peer: str, port: str, slot: int | None) -> PeerMessage:
        """Return the next message of an inlet.

        Raises:
            Deadlock: If none of those who wait in a cycle can ever go on.
            PeerLost: If the connection to the peer is lost for good.
        """
        message = inlet.receive(timeout=self._first_patience())
        if message is not None:
            return message
        self._link.report_status(simulated_time=self._simulated_time, waiting=(peer, port, slot))
        try:
            return self._wait_longer(inlet, peer, port, slot)
        finally:
            self._last_status = self._clock.monotonic()
            self._link.report_status(simulated_time=self._simulated_time, waiting=None)

    def _first_patience(self) -> float:
        timeout = self._deadlock_timeout
        return REPORT_AFTER if timeout is None else min(REPORT_AFTER, timeout)

    def _wait_longer(self, inlet: Inlet, peer: str, port: str, slot: int | None) -> PeerMessage:
        timeout = self._deadlock_timeout
        left = None if timeout is None else max(0.0, timeout - self._first_patience())
        message = inlet.receive(timeout=left)
        if message is not None:
            return message
        assert timeout is not None
        self._link.waiting_for_receive(peer, port, slot)
        pause = timeout / 2
        while message is None:
            # asked at once, then ever more rarely: the last to join a cycle finds it
            if self._link.is_deadlocked():
                msg = (
                    "Deadlock detected while receiving a message on port"
                    f" '{port_label(port, slot)}'. See the manager's log for which instances wait"
                    " for which. Does each of them send what the other waits for?"
                )
                raise Deadlock(msg)
            message = inlet.receive(timeout=pause)
            pause *= PAUSE_GROWTH
        self._link.waiting_for_receive_done(peer, port, slot)
        return message
