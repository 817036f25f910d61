"""Waits for messages, reports long waits to the manager, and detects deadlocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from application.instance.long_wait import LongWait
from application.interfaces.clock import Clock
from application.interfaces.manager_link import ManagerLink
from application.interfaces.model_threads import ModelThreads
from application.interfaces.peer_transport import Inlet
from domain.coupling.messages import Awaited, PeerMessage
from domain.coupling.ports import port_label
from domain.errors import Deadlock

REPORT_AFTER: Final = 0.2
STATUS_INTERVAL: Final = 1.0
MIN_TIMEOUT: Final = 0.1
DEFAULT_TIMEOUT: Final = 10.0


class PatientReceiver:
    """Waits for messages, and reports long waits to the manager.

    After a short wait, it reports the peer that it waits for, as status information. After the
    receive timeout, it reports the wait again, as a possible part of a deadlock. It then inquires
    whether there is a deadlock (see `LongWait`).

    Args:
        link: Connection to the manager.
        clock: Limits how often the status is reported.
        threads: The threads of the model.
        in_transit: Whether a message of this instance has not arrived yet; see `LongWait`.
    """

    def __init__(
        self,
        *,
        link: ManagerLink,
        clock: Clock,
        threads: ModelThreads,
        in_transit: Callable[[], bool] = lambda: False,
    ) -> None:
        self._link = link
        self._note_use = threads.note_use
        self._long_wait = LongWait(link=link, threads=threads, in_transit=in_transit)
        self._clock = clock
        self._deadlock_timeout: float | None = DEFAULT_TIMEOUT
        self._last_status = 0.0
        self._simulated_time: float | None = None
        self._reported_time: float | None = None

    def set_timeout(self, seconds: float) -> None:
        """Set the seconds after which to check for a deadlock; negative for never."""
        self._deadlock_timeout = None if seconds < 0 else max(seconds, MIN_TIMEOUT)

    @property
    def deadlock_timeout(self) -> float | None:
        """After how many seconds to check for a deadlock; None for never."""
        return self._deadlock_timeout

    def note_progress(self, timestamp: float) -> None:
        """Report the simulation time, at most once per second."""
        self._note_use()
        self._simulated_time = timestamp
        now = self._clock.monotonic()
        if now - self._last_status >= STATUS_INTERVAL:
            self._last_status = now
            self._report_time()

    def report_last_time(self) -> None:
        """Report the simulation time if it has changed since the last report."""
        if self._simulated_time != self._reported_time:
            self._report_time()

    def receive(self, inlet: Inlet, *, peer: str, port: str, slot: int | None) -> PeerMessage:
        """Return the next message of an inlet.

        Raises:
            Deadlock: If this instance is part of a cycle of instances that wait for each other.
            PeerLost: If the connection to the peer is lost for good.
        """
        message = inlet.receive(timeout=self._report_after())
        if message is not None:
            return message
        self._report_time(waiting=(peer, port, slot))
        try:
            return self._wait_longer(inlet, peer, port, slot)
        finally:
            self._last_status = self._clock.monotonic()
            self._report_time()

    def _report_time(self, *, waiting: Awaited | None = None) -> None:
        self._reported_time = self._simulated_time
        self._link.report_status(simulated_time=self._simulated_time, waiting=waiting)

    def _report_after(self) -> float:
        timeout = self._deadlock_timeout
        return REPORT_AFTER if timeout is None else min(REPORT_AFTER, timeout)

    def _wait_longer(self, inlet: Inlet, peer: str, port: str, slot: int | None) -> PeerMessage:
        timeout = self._deadlock_timeout
        left = None if timeout is None else max(0.0, timeout - self._report_after())
        message = inlet.receive(timeout=left)
        if message is not None:
            return message
        assert timeout is not None

        def attempt(seconds: float) -> PeerMessage | None:
            return inlet.receive(timeout=seconds)

        message = self._long_wait.until_arrived(attempt, timeout=timeout)
        if message is not None:
            return message
        self._link.waiting_for_receive(peer, port, slot)
        message = self._long_wait.wait(attempt, port=port, slot=slot, timeout=timeout)
        if message is None:
            msg = (
                "Deadlock detected while receiving a message on port"
                f" '{port_label(port, slot)}'. The manager's log lists which instances wait for"
                " which. Check that each of them sends the message that the other waits for."
            )
            raise Deadlock(msg)
        self._link.waiting_for_receive_done(peer, port, slot)
        return message
