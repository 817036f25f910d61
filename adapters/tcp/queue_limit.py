"""The limit of a sender's queues, and the wait of a sender whose queue is full."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Final

from adapters.tcp.checked_wait import wait_with_checks
from application.interfaces.peer_transport import Room, WaitForRoom
from domain.coupling.peers import Endpoint
from domain.identity import Reference

UNLIMITED: Final = sys.maxsize
OVERHEAD: Final = 2**16
"""Bytes that may be queued in addition to a message, such as those that open a channel."""


class QueueLimit:
    """How many bytes may wait for one receiver; shared by all outlets of a transport.

    Two messages may always wait, so that a sender can compute the next message while one of any
    size is received.

    Attributes:
        size: The limit in bytes. If less is queued, any message may be queued.
    """

    def __init__(self) -> None:
        self.size = UNLIMITED
        self._wait: WaitForRoom = _do_not_wait

    def set(self, size: int | None, *, wait: WaitForRoom) -> None:
        """Set the limit; None for no limit.

        Args:
            size: The limit in bytes.
            wait: Waits until there is room.
        """
        self.size = UNLIMITED if size is None else size
        self._wait = wait

    def admits(self, size: int, *, queued: int) -> bool:
        """Return whether a message may be queued.

        Args:
            size: Size of the message.
            queued: How many bytes are queued already.
        """
        return queued <= max(self.size, size + OVERHEAD)

    def wait(self, sender: Endpoint, receiver: Endpoint, room: Room) -> None:
        """Wait until there is room.

        Args:
            sender: The sending endpoint.
            receiver: The receiving endpoint.
            room: The queue.
        """
        self._wait(sender, receiver, room)


class QueueGate:
    """Lets the messages of one outlet into a queue, as its limit permits.

    Args:
        limit: The limit.
        sender: The sending endpoint.
        receiver: The receiving endpoint.
        check: Called from time to time during a wait; drops the queue if the receiver has left.

    Attributes:
        limit: The limit.
    """

    def __init__(
        self,
        limit: QueueLimit,
        *,
        sender: Endpoint,
        receiver: Endpoint,
        check: Callable[[], None],
    ) -> None:
        self.limit: Final = limit
        self._sender = sender
        self._receiver = receiver
        self._check = check

    def wait(self, has_room: Callable[[float], bool], taken: Callable[[], int]) -> None:
        """Wait until there is room.

        Args:
            has_room: Waits for room, for so many seconds; returns whether there is some.
            taken: Returns how many bytes the receiver has taken so far.
        """

        def wait(timeout: float | None) -> bool:
            end = math.inf if timeout is None else time.monotonic() + timeout
            return wait_with_checks(has_room, end=end, check=self._check)

        self.limit.wait(self._sender, self._receiver, Room(wait, taken))


def _do_not_wait(_sender: Endpoint, _receiver: Endpoint, _room: Room) -> None:
    """Do nothing: there is no limit."""


_NOBODY: Final = Endpoint(Reference("unknown"), "unknown")
OPEN: Final = QueueGate(QueueLimit(), sender=_NOBODY, receiver=_NOBODY, check=lambda: None)
"""A gate without a limit."""
