"""An instance's connection to a manager's desk in the same process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final, final

from application.interfaces.manager_desk import ManagerDesk
from application.interfaces.manager_link import ManagerLink
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.messages import Awaited, LogRecord, Wait
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import Port
from domain.coupling.settings import Settings
from domain.coupling.timelines import Timeline
from domain.errors import CouplingError, ManagerRefused, TransportError
from domain.model.checkpoint_rules import CheckpointInfo
from domain.running.deadlock_suspicions import NO_SUSPICION, DeadlockAnswer
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent
from domain.version import OWN_VERSION_SUFFIX

VERSION: Final = "0.11.0" + OWN_VERSION_SUFFIX


@final
class LockedDesk:
    """Serialises access to a desk by several instances on different threads.

    Args:
        desk: Answers the requests; called by one thread at a time.
    """

    def __init__(self, desk: ManagerDesk) -> None:
        self.desk = desk
        self.changed = threading.Condition(threading.RLock())


@final
class InMemoryManagerLink(ManagerLink):
    """Calls the desk directly.

    Args:
        instance: Name of the instance.
        locked: The desk; the same for all instances of the run.
    """

    def __init__(self, instance: str, locked: LockedDesk) -> None:
        self._instance = instance
        self._desk = locked.desk
        self._changed = locked.changed
        self._is_closed = False

    def register_instance(self, locations: Sequence[str], ports: Sequence[Port]) -> Timeline:
        with self._changed:
            self._check_open()
            found = self._desk.register_instance(self._instance, locations, ports, VERSION)
            self._changed.notify_all()
            return Timeline(found.timeline)

    def request_peers(self) -> PeerInfo:
        answers: list[PeerInfo] = []
        with self._changed:
            self._check_open()
            self._desk.await_peers(self._instance, answers.append)
            self._changed.wait_for(lambda: answers or self._is_closed)
            self._check_open()
            return answers[0]

    def deregister_instance(self) -> None:
        with self._changed:
            self._check_open()
            self._desk.deregister_instance(self._instance)

    def get_settings(self) -> Settings:
        with self._changed:
            self._check_open()
            return self._desk.get_settings().copy()

    def get_checkpoint_info(self) -> CheckpointInfo:
        answers: list[CheckpointInfo | CouplingError] = []
        with self._changed:
            self._check_open()
            self._desk.await_checkpoint_info(self._instance, answers.append)
            self._changed.wait_for(lambda: answers or self._is_closed)
            self._check_open()
        (answer,) = answers
        if isinstance(answer, CouplingError):
            raise answer
        return answer

    def submit_log_message(self, record: LogRecord) -> None:
        with self._changed:
            if not self._is_closed:
                self._desk.submit_log_message(record)

    def submit_profile_events(self, events: Iterable[ProfileEvent]) -> None:
        with self._changed:
            if not self._is_closed:
                found = tuple(events)
                _unless_refused(lambda: self._desk.submit_profile_events(self._instance, found))

    def submit_snapshot_metadata(self, metadata: SnapshotMetadata) -> None:
        with self._changed:
            self._check_open()
            self._desk.submit_snapshot(self._instance, metadata)

    def await_checkpoint_request(self, on_request: Callable[[str], None]) -> None:
        with self._changed:
            self._check_open()
            self._desk.await_checkpoint_request(self._instance, on_request)

    def report_snapshot_failed(self, problem: str) -> None:
        with self._changed:
            if not self._is_closed:
                _unless_refused(lambda: self._desk.report_snapshot_failed(self._instance, problem))

    def report_failed(self, problem: str, *, kind: FailureKind) -> bool:
        with self._changed:
            if not self._is_closed:
                _unless_refused(
                    lambda: self._desk.report_failed(self._instance, problem, kind=kind)
                )
        return True

    def report_status(self, *, simulated_time: float | None, waiting: Awaited | None) -> None:
        wait = None if waiting is None else Wait(self._instance, *waiting)
        with self._changed:
            if not self._is_closed:
                _unless_refused(
                    lambda: self._desk.report_status(self._instance, simulated_time, wait)
                )

    def waiting_to_send(self, peer: str, port: str, slot: int | None) -> bool:
        with self._changed:
            self._check_open()
            self._desk.waiting_to_send(Wait(self._instance, peer, port, slot, is_sending=True))
            return True

    def waiting_to_send_done(self, peer: str, port: str, slot: int | None) -> None:
        with self._changed:
            self._check_open()
            self._desk.waiting_to_send_done(Wait(self._instance, peer, port, slot, is_sending=True))

    def waiting_for_receive(self, peer: str, port: str, slot: int | None) -> None:
        with self._changed:
            self._check_open()
            self._desk.waiting_for_receive(Wait(self._instance, peer, port, slot))

    def waiting_for_receive_done(self, peer: str, port: str, slot: int | None) -> None:
        with self._changed:
            self._check_open()
            self._desk.waiting_for_receive_done(Wait(self._instance, peer, port, slot))

    def check_deadlock(
        self, port: str, slot: int | None, *, confirms: int = NO_SUSPICION
    ) -> DeadlockAnswer:
        with self._changed:
            self._check_open()
            return self._desk.check_deadlock((self._instance, port, slot), confirms=confirms)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _check_open(self) -> None:
        if self._is_closed:
            msg = "the connection to the manager has been closed"
            raise TransportError(msg)


def _unless_refused(submit: Callable[[], None]) -> None:
    # other links send reports asynchronously, so callers never get the error
    with contextlib.suppress(ManagerRefused):
        submit()
