"""An instance's connection to the manager."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, final

from adapters.tcp.checkpoint_line import CheckpointLine
from adapters.tcp.session_client import SessionClient
from adapters.tcp.waits_in_turn import WaitsInTurn
from adapters.wire import mmp
from application.interfaces.manager_link import ManagerLink
from domain.checkpoints import CheckpointInfo
from domain.errors import CouplingError, ManagerRefused, TransportError
from domain.identity import Reference
from domain.messages import LogRecord, Wait
from domain.peers import PeerInfo
from domain.ports import Port
from domain.profiling import ProfileEvent
from domain.settings import Settings
from domain.snapshots import SnapshotMetadata
from domain.timelines import Timeline
from domain.version import OWN_VERSION_SUFFIX

FIRST_PAUSE: Final = 0.1
PAUSE_GROWTH: Final = 1.5
LONGEST_PAUSE: Final = 5.0
PEER_TIMEOUT: Final = 600.0

EVENTS_PER_REQUEST: Final = 500
"""Few enough that packing them does not keep the model from the interpreter for long."""


class ConnectionLockedError(TransportError):
    """The connection to the manager is in use, so that a log message was dropped.

    In the library whose documentation names it, logging could call the connection while the
    connection logged. Here log messages have a queue of their own, so it is never raised; it is
    kept for programs that catch it.
    """


@final
class MMPClient(ManagerLink):
    """Speaks MMP with the manager. May be used from several threads.

    Args:
        instance_id: Name of the instance.
        location: Where the manager is: a location string, or several.
        secret: The run's secret, if the manager is ours and we were given it; else MUSCLE3's own
            protocol is spoken, to the letter.
    """

    def __init__(
        self,
        instance_id: Reference | str,
        location: str | Sequence[str],
        *,
        secret: str | None = None,
    ) -> None:
        self._instance = Reference(str(instance_id))
        locations = [location] if isinstance(location, str) else list(location)
        self._open_session = partial(SessionClient, locations, secret=secret, server="manager")
        self._session = self._open_session()
        self._is_own_manager = secret is not None
        self._checkpoint_line: CheckpointLine | None = None
        self._waits = WaitsInTurn(self._ask)
        self._reports: deque[Callable[[], Iterator[mmp.Request]]] = deque()
        self._report_added = threading.Condition()
        self._reporter: threading.Thread | None = None
        self._is_sending = False
        self._is_lost = False
        self._closed = False

    def register_instance(self, locations: Sequence[str], ports: Sequence[Port]) -> Timeline:
        version = mmp.DIALECT_OF_MUSCLE3
        if self._is_own_manager:
            version += OWN_VERSION_SUFFIX
        request = mmp.RegisterInstance(str(self._instance), tuple(locations), tuple(ports), version)
        values = self._ask(request)
        return Timeline(str(values[0]) if values else str(self._instance.without_trailing_ints()))

    def request_peers(self) -> PeerInfo:
        if self._is_own_manager:
            return mmp.decode_peers(self._instance, self._ask(mmp.AwaitPeers(str(self._instance))))
        return mmp.decode_peers(self._instance, self._ask_until_ready())

    def deregister_instance(self) -> None:
        self.flush()
        self._ask(mmp.DeregisterInstance(str(self._instance)))

    def get_settings(self) -> Settings:
        return mmp.decode_settings(self._ask(mmp.GetSettings())[0])

    def get_checkpoint_info(self) -> CheckpointInfo:
        return mmp.decode_checkpoint_info(self._ask(mmp.GetCheckpointInfo(str(self._instance))))

    def submit_log_message(self, record: LogRecord) -> None:
        self._report(lambda: iter((mmp.SubmitLogMessage(record),)))

    def submit_profile_events(self, events: Iterable[ProfileEvent]) -> None:
        self._report(partial(self._profile_requests, iter(events)))

    def submit_snapshot_metadata(self, metadata: SnapshotMetadata) -> None:
        self._ask(mmp.SubmitSnapshot(str(self._instance), metadata))

    def await_checkpoint_request(self, on_request: Callable[[str], None]) -> None:
        if self._is_own_manager:
            # the answer may take as long as the run, so it cannot be waited for in our session
            self._checkpoint_line = CheckpointLine(
                str(self._instance), self._open_session(), on_request
            )

    def report_snapshot_failed(self, problem: str) -> None:
        if self._is_own_manager:
            report = mmp.ReportSnapshotFailed(str(self._instance), problem)
            self._report(lambda: iter((report,)))

    def report_failed(self, problem: str) -> bool:
        if self._is_own_manager:
            report = mmp.ReportFailed(str(self._instance), problem)
            self._report(lambda: iter((report,)))
        return self._is_own_manager

    def report_status(
        self, *, simulated_time: float | None, waiting: tuple[str, str, int | None] | None
    ) -> None:
        if self._is_own_manager:
            wait = None if waiting is None else self._wait(*waiting)
            status = mmp.ReportStatus(str(self._instance), simulated_time, wait)
            self._report(lambda: iter((status,)))

    def waiting_for_receive(self, peer: str, port: str, slot: int | None) -> None:
        wait = self._wait(peer, port, slot)
        if self._is_own_manager:
            self._ask(mmp.WaitingForReceive(wait))
        else:
            self._waits.begin(wait)

    def waiting_for_receive_done(self, peer: str, port: str, slot: int | None) -> None:
        wait = self._wait(peer, port, slot)
        if self._is_own_manager:
            self._ask(mmp.WaitingForReceiveDone(wait))
        else:
            self._waits.end(wait)

    def is_deadlocked(self) -> bool:
        return bool(self._ask(mmp.IsDeadlocked(str(self._instance)))[0])

    def flush(self) -> None:
        """Wait until all that was submitted and reported has been sent."""
        with self._report_added:
            self._report_added.wait_for(
                lambda: self._closed or not (self._reports or self._is_sending)
            )

    def close(self) -> None:
        if not self._is_lost:
            self.flush()
        with self._report_added:
            if self._closed:
                return
            self._closed = True
            self._report_added.notify_all()
        self._session.close()
        if self._checkpoint_line is not None:
            self._checkpoint_line.close()
        if self._reporter is not None:
            self._reporter.join()

    def _wait(self, peer: str, port: str, slot: int | None) -> Wait:
        return Wait(str(self._instance), peer, port, slot)

    def _ask(self, request: mmp.Request) -> list[Any]:
        status, values = mmp.decode_response(self._call(mmp.encode_request(request)))
        if status is not mmp.Status.SUCCESS:
            raise ManagerRefused(str(values[0]) if values else "the manager refused a request")
        return values

    def _call(self, request: bytes) -> memoryview:
        try:
            return self._session.call(request)
        except TransportError:
            self._is_lost = True
            raise

    def _ask_until_ready(self) -> list[Any]:
        request = mmp.encode_request(mmp.GetPeers(str(self._instance)))
        pause, waited = FIRST_PAUSE, 0.0
        pausing = threading.Event()
        while True:
            status, values = mmp.decode_response(self._call(request))
            if status is mmp.Status.SUCCESS:
                return values
            if status is mmp.Status.ERROR:
                raise ManagerRefused(str(values[0]))
            if waited >= PEER_TIMEOUT:
                msg = f"Not all peers started within {PEER_TIMEOUT:.0f} s: {values[0]}"
                raise ManagerRefused(msg)
            pausing.wait(pause)  # MUSCLE3's manager offers nothing but to be asked again
            waited += pause
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)

    def _profile_requests(self, events: Iterator[ProfileEvent]) -> Iterator[mmp.Request]:
        while batch := tuple(islice(events, EVENTS_PER_REQUEST)):
            yield mmp.SubmitProfileEvents(str(self._instance), batch)

    def _report(self, make_requests: Callable[[], Iterator[mmp.Request]]) -> None:
        with self._report_added:
            if self._closed:
                return
            self._reports.append(make_requests)
            if self._reporter is None:
                self._reporter = threading.Thread(
                    target=self._send_reports, name=f"conjoin-reports-{self._instance}", daemon=True
                )
                self._reporter.start()
            self._report_added.notify_all()

    def _send_reports(self) -> None:
        while True:
            with self._report_added:
                self._is_sending = False
                self._report_added.notify_all()
                self._report_added.wait_for(lambda: self._reports or self._closed)
                if self._closed:
                    return
                self._is_sending = True
                make_requests = self._reports.popleft()
            # A report that cannot be delivered must not end the simulation; a manager that is gone
            # is noticed where an answer is waited for.
            try:
                for request in make_requests():
                    self._ask(request)
            except TransportError:
                # to try each of the others for a minute too would keep us from leaving
                self._forget_reports()
            except CouplingError:
                continue

    def _forget_reports(self) -> None:
        with self._report_added:
            self._reports.clear()
