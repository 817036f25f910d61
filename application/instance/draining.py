"""Receives and drops the messages for an instance that has failed.

Before it exits, a MUSCLE3 instance waits until its peers have fetched all its messages. So an
instance that fails continues to fetch until each of its receiving ports is closed, or until a
deadline: a sender may have crashed, or may run for a long time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from application.instance.communicator import Communicator
from application.interfaces.clock import Clock
from domain.coupling.messages import Milestone
from domain.coupling.ports import PortState
from domain.errors import CouplingError, PeerLost

PAUSE: Final = 0.05
"""Seconds to wait on one port before looking at the others again."""

PortSlot: TypeAlias = tuple[PortState, "int | None"]


class Draining:
    """Drains the receiving ports of an instance that has failed.

    It polls all ports in turn, so that no sender waits for a sender to another port.

    Args:
        communicator: Fetches the messages.
        clock: Measures the time.
    """

    def __init__(self, communicator: Communicator, *, clock: Clock) -> None:
        self._communicator = communicator
        self._clock = clock
        self._must_drain: dict[tuple[str, int | None], bool] = {}

    def drain(self, ports: Iterable[PortState], *, timeout: float) -> bool:
        """Receive and drop messages until all ports are closed.

        Args:
            ports: The connected receiving ports.
            timeout: Maximum number of seconds.

        Returns:
            Whether each port was closed, or its sender lost, in time.
        """
        ports = list(ports)
        end = self._clock.monotonic() + timeout
        turn = 0
        while waiting := self._waiting(ports):
            found = self._drop_available(waiting, end)
            left = end - self._clock.monotonic()
            if left <= 0:
                return not self._waiting(ports)
            if not found:
                turn += 1
                self._drop_one(*waiting[turn % len(waiting)], timeout=min(PAUSE, left))
        return True

    def _waiting(self, ports: Iterable[PortState]) -> list[PortSlot]:
        return [
            (port, slot)
            for port in ports
            for slot in port.open_slots()
            if self._needs_draining(port, slot)
        ]

    def _needs_draining(self, port: PortState, slot: int | None) -> bool:
        where = (port.name, slot)
        if where not in self._must_drain:
            self._must_drain[where] = self._communicator.must_drain(port, slot)
        return self._must_drain[where]

    def _drop_available(self, waiting: Iterable[PortSlot], end: float) -> bool:
        """Drop the messages that are available; return whether there were any."""
        found = False
        for port, slot in waiting:
            if self._clock.monotonic() >= end:
                break  # an unreachable peer may have used up the time
            # another message may have shrunk the port, so that this slot no longer exists
            if slot in port.open_slots():
                found |= self._drop_one(port, slot, timeout=0.0)
        return found

    def _drop_one(self, port: PortState, slot: int | None, *, timeout: float) -> bool:
        """Drop the next message on a port and slot; return whether there was one."""
        try:
            message = self._communicator.fetch(port, slot, timeout=timeout)
        except PeerLost:
            self._must_drain[port.name, slot] = False
            return True
        except CouplingError:
            return True  # the message is invalid, but it has been fetched
        if message is None:
            return False
        if port.is_resizable and message.port_length is not None:
            port.set_length(message.port_length)
        if isinstance(message.data, Milestone) and message.data.closes_port:
            port.close(slot)
        return True
