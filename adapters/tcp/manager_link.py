"""An instance's connection to the manager."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, final

from adapters.tcp.report_sender import ReportSender
from adapters.tcp.save_request_listener import SaveRequestListener
from adapters.tcp.serialised_waits import SerialisedWaits
from adapters.tcp.session_client import SessionClient
from adapters.wire import mmp
from adapters.wire.mmp_values import decode_peers
from adapters.wire.reconnection import DEFAULT_RETRIES, RetryPolicy
from adapters.wire.requests import Arguments, Reply, Request, Status, decode_response
from application.interfaces.manager_link import ManagerLink
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.messages import Awaited, LogRecord, Wait
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import Port
from domain.coupling.settings import Settings
from domain.coupling.timelines import Timeline
from domain.errors import ManagerRefused, TransportError
from domain.identity import Reference
from domain.model.checkpoint_rules import CheckpointInfo
from domain.running.clients import Trust, instance_identity
from domain.running.deadlock_suspicions import NO_SUSPICION, DeadlockAnswer
from domain.running.failure_kinds import FailureKind
from domain.running.log_levels import LogLevel
from domain.running.profiling import ProfileEvent
from domain.version import OWN_VERSION_SUFFIX

FIRST_PAUSE: Final = 0.1
PAUSE_GROWTH: Final = 1.5
LONGEST_PAUSE: Final = 5.0
PEER_TIMEOUT: Final = 600.0


class ConnectionLockedError(TransportError):
    """The connection to the manager is in use, so a log message was dropped.

    Conjoin never raises this, because it queues log messages. The exception exists for programs
    that catch it, since MUSCLE3 documents it.
    """


@final
class MMPClient(ManagerLink):
    """Sends an instance's requests to the manager by MMP. Thread-safe.

    Args:
        instance_id: Name of the instance.
        location: Where the manager is: a location string, or several.
        secret: The run's secret, if Conjoin's manager provided it. Without it, only requests of
            MUSCLE3's protocol are sent.
        retries: How often and for how long to retry when the connection is lost.
        first_pause: Seconds between the first two requests for the peers to MUSCLE3's manager.
        peer_timeout: Seconds for which these requests are repeated.
        on_trust: Receives which clients without proof this instance serves.
    """

    def __init__(
        self,
        instance_id: Reference | str,
        location: str | Sequence[str],
        *,
        secret: str | None = None,
        retries: RetryPolicy = DEFAULT_RETRIES,
        first_pause: float = FIRST_PAUSE,
        peer_timeout: float = PEER_TIMEOUT,
        on_trust: Callable[[Trust], object] = lambda _trust: None,
    ) -> None:
        self._on_trust = on_trust
        self._instance = Reference(str(instance_id))
        self._name = str(self._instance)
        self._first_pause = first_pause
        self._peer_timeout = peer_timeout
        locations = [location] if isinstance(location, str) else list(location)
        self._open_session = partial(
            SessionClient,
            locations,
            secret=secret,
            identity=instance_identity(self._name),
            server="manager",
            retries=retries,
        )
        self._session = self._open_session()
        self._is_own_manager = secret is not None
        self._save_requests: SaveRequestListener | None = None
        self._waits = SerialisedWaits(self._ask)
        self._reports = ReportSender(
            self._name,
            send=self._send,
            encode_events=partial(mmp.submit_profile_events.encode, self._name),
            reports_dropped=self._is_own_manager,
        )
        self._is_lost = False
        self._is_closed = False

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection to a manager now."""
        return self._session.is_connected

    def register_instance(self, locations: Sequence[str], ports: Sequence[Port]) -> Timeline:
        version = mmp.DIALECT_OF_MUSCLE3
        if self._is_own_manager:
            version += OWN_VERSION_SUFFIX
        timeline, trust = self._ask(mmp.register_instance, self._name, locations, ports, version)
        self._on_trust(Trust.USER if trust is None else trust)
        return Timeline(timeline or str(self._instance.without_trailing_ints()))

    def request_peers(self) -> PeerInfo:
        if self._is_own_manager:
            values = self._ask(mmp.await_peers, self._name)
        else:
            values = self._poll_until_ready()
        return decode_peers(self._instance, values)

    def deregister_instance(self) -> None:
        self._finish_reports()
        self._ask(mmp.deregister_instance, self._name)

    def get_settings(self) -> Settings:
        return self._ask(mmp.get_settings)

    def get_checkpoint_info(self) -> CheckpointInfo:
        return self._ask(mmp.get_checkpoint_info, self._name)

    def submit_log_message(self, record: LogRecord) -> None:
        self._report(mmp.submit_log_message, record)

    def submit_profile_events(self, events: Iterable[ProfileEvent]) -> None:
        self._reports.add_events(events)

    def submit_snapshot_metadata(self, metadata: SnapshotMetadata) -> None:
        self._ask(mmp.submit_snapshot, self._name, metadata)

    def await_checkpoint_request(self, on_request: Callable[[str], None]) -> None:
        if self._is_own_manager:
            # needs a separate session, since the answer may take as long as the run
            self._save_requests = SaveRequestListener(self._name, self._open_session(), on_request)

    def report_snapshot_failed(self, problem: str) -> None:
        self._report(mmp.report_snapshot_failed, self._name, problem)

    def report_failed(self, problem: str, *, kind: FailureKind) -> bool:
        self._report(mmp.report_failed, self._name, problem, kind)
        return self._is_own_manager

    def report_status(self, *, simulated_time: float | None, waiting: Awaited | None) -> None:
        self._report(mmp.report_status, self._name, simulated_time, waiting)

    def waiting_to_send(self, peer: str, port: str, slot: int | None) -> bool:
        if self._is_own_manager:
            self._ask(mmp.waiting_to_send, self._wait(peer, port, slot))
        return self._is_own_manager

    def waiting_to_send_done(self, peer: str, port: str, slot: int | None) -> None:
        if self._is_own_manager:
            self._ask(mmp.waiting_to_send_done, self._wait(peer, port, slot))

    def waiting_for_receive(self, peer: str, port: str, slot: int | None) -> None:
        wait = self._wait(peer, port, slot)
        if self._is_own_manager:
            self._ask(mmp.waiting_for_receive, wait)
        else:
            self._waits.begin(wait)

    def waiting_for_receive_done(self, peer: str, port: str, slot: int | None) -> None:
        wait = self._wait(peer, port, slot)
        if self._is_own_manager:
            self._ask(mmp.waiting_for_receive_done, wait)
        else:
            self._waits.end(wait)

    def check_deadlock(
        self, port: str, slot: int | None, *, confirms: int = NO_SUSPICION
    ) -> DeadlockAnswer:
        if self._is_own_manager:
            return self._ask(mmp.check_deadlock, (self._name, port, slot), confirms)
        return DeadlockAnswer(self._ask(mmp.is_deadlocked, self._name))

    def flush(self) -> None:
        """Wait until all queued reports have been sent."""
        self._reports.flush()

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if not self._is_lost:
            self._finish_reports()
        self._reports.close()
        self._session.close()
        if self._save_requests is not None:
            self._save_requests.close()
        self._reports.join()

    def _wait(self, peer: str, port: str, slot: int | None) -> Wait:
        return Wait(self._name, peer, port, slot)

    def _ask(
        self,
        request: Request[Arguments, Reply],
        *arguments: Arguments.args,
        **keywords: Arguments.kwargs,
    ) -> Reply:
        values = self._send(request.encode(*arguments, **keywords))
        return request.decode_answer(values)

    def _send(self, request: bytes) -> list[Any]:
        status, values = decode_response(self._call(request))
        if status is not Status.SUCCESS:
            raise ManagerRefused(str(values[0]) if values else "the manager refused a request")
        return values

    def _call(self, request: bytes) -> memoryview:
        try:
            return self._session.call(request)
        except TransportError:
            self._is_lost = True
            raise

    def _poll_until_ready(self) -> list[Any]:
        request = mmp.get_peers.encode(self._name)
        pause, waited = self._first_pause, 0.0
        pausing = threading.Event()
        while True:
            status, values = decode_response(self._call(request))
            if status is Status.SUCCESS:
                return values
            if status is Status.ERROR:
                raise ManagerRefused(str(values[0]))
            if waited >= self._peer_timeout:
                msg = f"Not all peers started within {self._peer_timeout:.0f} s: {values[0]}"
                raise ManagerRefused(msg)
            pausing.wait(pause)  # MUSCLE3's manager supports only polling
            waited += pause
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)

    def _report(
        self,
        request: Request[Arguments, None],
        *arguments: Arguments.args,
        **keywords: Arguments.kwargs,
    ) -> None:
        """Queue a report; drop an extension of ours if the manager is MUSCLE3's."""
        if self._is_own_manager or not request.own_only:
            self._reports.add(lambda: request.encode(*arguments, **keywords))

    def _finish_reports(self) -> None:
        """Wait until everything has been sent, but only for a short time for the profile."""
        dropped = self._reports.finish_profile()
        if dropped:
            # our own manager logs this itself
            text = f"{dropped} profile events were dropped, because the manager was too busy."
            self.submit_log_message(LogRecord(self._name, time.time(), LogLevel.WARNING, text))
        self._reports.flush()
