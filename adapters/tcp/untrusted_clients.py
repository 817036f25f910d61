"""Connections of clients that have not shown yet that they belong to the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from adapters.wire.session_server import ServerConnection
from application.interfaces.clock import Scheduler, Timer

MAX_UNTRUSTED_CLIENTS: Final = 256

PATIENCE: Final = 10.0
"""Seconds that an untrusted client may take for its greeting or for one request."""


class _Connected(Protocol):
    @property
    def connection(self) -> ServerConnection: ...


Client = TypeVar("Client", bound=_Connected)


class UntrustedClients(Generic[Client]):
    """Bounds the number of untrusted connections, and how long each may be mute.

    Otherwise a program that only opens connections, or sends half a request on each, could use up
    all file descriptors or a lot of memory, and keep the clients of the run out. When there are too
    many, the oldest one is dropped, preferably one that has not greeted: a client of the run greets
    as soon as it is connected. A client that is trusted, such as a registered instance, may be
    silent for as long as it likes.

    Args:
        limit: Number of untrusted clients to keep.
        patience: Seconds that each may take for its greeting or for one request.
        scheduler: Provides the timer.
        drop: Disconnects a client, for a reason that is passed.
    """

    def __init__(
        self,
        *,
        limit: int,
        patience: float,
        scheduler: Scheduler,
        drop: Callable[[Client, str], None],
    ) -> None:
        self.limit = limit
        # a client is dropped at the second look that finds it in the middle of something
        self._time_between_looks = patience / 2
        self._scheduler = scheduler
        self._timer: Timer | None = None
        self._drop = drop
        # dictionaries, because they are ordered and removing from them is fast
        self._mute: dict[Client, None] = {}
        self._others: dict[Client, None] = {}
        self._late: set[Client] = set()

    def __len__(self) -> int:
        return len(self._mute) + len(self._others)

    def add(self, client: Client) -> None:
        """Note a new connection; drop another one if there are too many."""
        self._mute[client] = None
        if len(self) > self.limit:
            self.make_room()
        self._look_later()

    def remove(self, client: Client) -> None:
        """Forget a connection that is closed."""
        self._mute.pop(client, None)
        self._others.pop(client, None)
        self._late.discard(client)

    def note_progress(self, client: Client) -> None:
        """Note that a client has completed its greeting or a request."""
        if client not in self._mute and client not in self._others:
            return
        if client.connection.is_trusted:
            self.remove(client)
            return
        self._late.discard(client)
        if client.connection.session is not None and client in self._mute:
            del self._mute[client]
            self._others[client] = None

    def make_room(self) -> bool:
        """Drop the oldest untrusted client; return whether there was one."""
        for client in [*self._mute, *self._others]:
            self.remove(client)
            if client.connection.is_trusted:
                continue
            self._drop(
                client, "there were too many clients that are not known to belong to the run"
            )
            return True
        return False

    def _look_later(self) -> None:
        if self._timer is None and len(self):
            self._timer = self._scheduler.call_later(self._time_between_looks, self._look)

    def _look(self) -> None:
        self._timer = None
        self._drop_late()
        self._look_later()

    def _drop_late(self) -> None:
        """Drop the clients that have begun something at the last call, and not completed it."""
        pending = []
        for client in [*self._mute, *self._others]:
            if client.connection.is_trusted:
                self.remove(client)
            elif client.connection.is_in_the_middle:
                pending.append(client)
        late = [client for client in pending if client in self._late]
        self._late = set(pending).difference(late)
        for client in late:
            self.remove(client)
            self._drop(client, "it did not complete its greeting or a request in time")
