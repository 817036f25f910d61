"""Sends the reports of an instance to the manager, on a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import length_hint
from typing import Final

from domain.errors import CouplingError, TransportError
from domain.running.profiling import ProfileEvent

EVENTS_PER_REQUEST: Final = 500
"""Maximum number per request, so that packing the events does not hold the GIL for long."""

MAX_PROFILE_BATCHES: Final = 50
"""How many batches of profile events may wait to be sent, with 200 messages each."""

PROFILE_PATIENCE: Final = 0.5
"""Seconds for which an instance that leaves waits until its profile has been sent."""


class ReportSender:
    """Queues reports and sends them in order, but profile events only after all others.

    The queue of profile events is bounded: if too many wait, the oldest are dropped and counted.

    Args:
        name: Name of the instance, for the thread, which starts with the first report.
        send: Sends a request, and waits for the answer.
        encode_events: Returns the request for some profile events, and for the number of events
            that were dropped before them.
        reports_dropped: Whether the manager is told that number. If not, it stays in `dropped`.
    """

    def __init__(
        self,
        name: str,
        *,
        send: Callable[[bytes], object],
        encode_events: Callable[[Sequence[ProfileEvent], int], bytes],
        reports_dropped: bool,
    ) -> None:
        self._name = name
        self._send = send
        self._encode_events = encode_events
        self._reports_dropped = reports_dropped
        self._reports: deque[Callable[[], bytes]] = deque()
        self._profile: deque[Iterable[ProfileEvent]] = deque()
        self._dropped = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_sending = False
        self._closed = False

    def add(self, encode: Callable[[], bytes]) -> None:
        """Queue a report, which is encoded by the thread."""
        with self._changed:
            if not self._closed:
                self._reports.append(encode)
                self._wake()

    def add_events(self, events: Iterable[ProfileEvent]) -> None:
        """Queue profile events, which are created by the thread."""
        with self._changed:
            if not self._closed:
                self._profile.append(events)
                self._keep_newest_events(MAX_PROFILE_BATCHES)
                self._wake()

    def flush(self, *, timeout: float | None = None) -> None:
        """Wait until everything has been sent, or dropped because the manager is lost."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or not (self._has_reports() or self._is_sending),
                timeout=timeout,
            )

    def finish_profile(self) -> int:
        """Wait for a short time until everything has been sent; then drop most profile events.

        Returns:
            How many events have been dropped that the manager does not count.
        """
        self.flush(timeout=PROFILE_PATIENCE)
        with self._changed:
            self._keep_newest_events(1)  # the events of leaving are in the last batch
            if self._reports_dropped:
                return 0
            dropped, self._dropped = self._dropped, 0
            return dropped

    def close(self) -> None:
        """Drop what has not been sent, and let the thread end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        """Wake the thread, or start it. With the lock."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name=f"conjoin-reports-{self._name}", daemon=True
            )
            self._thread.start()
        self._changed.notify_all()

    def _has_reports(self) -> bool:
        return bool(self._reports or self._profile)

    def _keep_newest_events(self, count: int) -> None:
        """Drop and count the oldest batches of profile events. With the lock."""
        while len(self._profile) > count:
            self._dropped += length_hint(self._profile.popleft())

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_sending = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._has_reports() or self._closed)
                if self._closed:
                    return
                self._is_sending = True
                requests = self._take_next()
            # A report that cannot be delivered must not end the simulation. Requests that wait for
            # an answer detect that the manager is lost.
            try:
                for request in requests:
                    self._send(request)
            except TransportError:
                # drop the others too: retrying each of them for a minute would delay our exit
                self._forget_all()
            except CouplingError:
                continue

    def _take_next(self) -> Iterator[bytes]:
        """Take the next report from the queues; return its requests. With the lock."""
        if self._reports:
            return _encoded(self._reports.popleft())
        dropped = 0
        if self._reports_dropped:
            dropped, self._dropped = self._dropped, 0
        return self._profile_requests(iter(self._profile.popleft()), dropped)

    def _profile_requests(self, events: Iterator[ProfileEvent], dropped: int) -> Iterator[bytes]:
        while (batch := tuple(islice(events, EVENTS_PER_REQUEST))) or dropped:
            yield self._encode_events(batch, dropped)
            dropped = 0

    def _forget_all(self) -> None:
        with self._changed:
            self._reports.clear()
            self._profile.clear()


def _encoded(encode: Callable[[], bytes]) -> Iterator[bytes]:
    yield encode()
