"""Waits for room in a sender's queue, reports long waits, and detects deadlocks."""

from __future__ import annotations

from collections.abc import Callable

from application.instance.long_wait import LongWait
from application.instance.patient_receiver import REPORT_AFTER, PatientReceiver
from application.interfaces.manager_link import ManagerLink
from application.interfaces.model_threads import ModelThreads
from application.interfaces.peer_transport import Room
from domain.coupling.peers import Endpoint
from domain.coupling.ports import port_label
from domain.errors import Deadlock

DEFAULT_QUEUE_SIZE = 10**9
"""How many bytes may wait for one receiver, unless a setting says otherwise."""


class PatientSender:
    """Waits until a receiver has taken enough messages that the next one can be queued.

    Like `PatientReceiver`, it reports the wait as status information at first. It reports it as a
    possible part of a deadlock only after the receiver has taken nothing for as long as the receive
    timeout, and withdraws that report when the receiver takes something.

    Args:
        link: Connection to the manager.
        waiting: Has the timeout for deadlocks.
        threads: The threads of the model.
        in_transit: Whether a message of this instance has not arrived yet; see `LongWait`.
    """

    def __init__(
        self,
        *,
        link: ManagerLink,
        waiting: PatientReceiver,
        threads: ModelThreads,
        in_transit: Callable[[], bool] = lambda: False,
    ) -> None:
        self._link = link
        self._long_wait = LongWait(link=link, threads=threads, in_transit=in_transit)
        self._in_transit = in_transit
        self._waiting = waiting

    def wait_for_room(self, sender: Endpoint, receiver: Endpoint, room: Room) -> None:
        """Wait until the next message can be queued.

        Args:
            sender: The sending endpoint.
            receiver: The receiving endpoint.
            room: The queue.

        Raises:
            Deadlock: If this instance is part of a cycle of instances that wait for each other.
        """
        if room.wait(REPORT_AFTER):
            return
        peer = str(receiver.instance)
        self._report(sender, peer)
        try:
            self._wait_longer(sender, peer, room)
        finally:
            self._link.report_status(simulated_time=None, waiting=None)

    def _report(self, sender: Endpoint, peer: str) -> None:
        awaited = (peer, sender.port, sender.slot, True)
        self._link.report_status(simulated_time=None, waiting=awaited)

    def _wait_longer(self, sender: Endpoint, peer: str, room: Room) -> None:
        timeout = self._waiting.deadlock_timeout
        while not self._is_taken(room, timeout):
            assert timeout is not None
            if not self._link.waiting_to_send(peer, sender.port, sender.slot):
                timeout = None  # this manager does not look for deadlocks of senders
                continue
            has_room = self._wait_as_reported(sender, room, timeout)
            self._link.waiting_to_send_done(peer, sender.port, sender.slot)
            if has_room:
                return
            self._report(sender, peer)

    def _is_taken(self, room: Room, timeout: float | None) -> bool:
        """Wait for room as long as the receiver takes something within each timeout.

        Also wait while the network is cut, since the receiver cannot take anything.
        """
        while True:
            taken = room.taken()
            if room.wait(timeout):
                return True
            if room.taken() == taken and not self._in_transit():
                return False

    def _wait_as_reported(self, sender: Endpoint, room: Room, timeout: float) -> bool:
        """Wait for room until the receiver takes something; return whether there is room then."""
        taken = room.taken()

        def attempt(seconds: float) -> bool | None:
            if room.wait(seconds):
                return True
            return None if room.taken() == taken else False

        has_room = self._long_wait.wait(
            attempt, port=sender.port, slot=sender.slot, timeout=timeout
        )
        if has_room is None:
            msg = (
                "Deadlock detected while sending a message on port"
                f" '{port_label(sender.port, sender.slot)}': too many messages wait for the"
                " receiver (setting 'muscle_queue_size'), and it does not take any. The"
                " manager's log lists which instances wait for which."
            )
            raise Deadlock(msg)
        return has_room
