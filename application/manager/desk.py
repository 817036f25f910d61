"""Dispatches the requests of instances to the manager's services."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import final

from application.interfaces.logbook import Logbook
from application.interfaces.manager_desk import ManagerDesk, Registration
from application.manager.deadlock_watch import DeadlockWatch
from application.manager.error_shutdowns import ErrorShutdowns
from application.manager.instance_directories import InstanceDirectories
from application.manager.peer_lookup import PeerLookup
from application.manager.profile_intake import ProfileIntake
from application.manager.registration import InstanceRegistry
from application.manager.reported_errors import ReportedErrors
from application.manager.run_control import RunControl
from application.manager.snapshots.run_checkpoints import RunCheckpoints
from application.manager.snapshots.snapshot_registry import SnapshotRegistry
from application.manager.status_board import StatusBoard
from application.manager.unclosed_conduits import UnclosedConduits
from domain.checkpointing.instance_snapshot import SnapshotMetadata, is_url
from domain.coupling.messages import LogRecord, Wait, WaitKey
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import Port
from domain.coupling.settings import Settings
from domain.errors import CouplingError, RunError
from domain.identity import Reference
from domain.model.checkpoint_rules import CheckpointInfo
from domain.model.configuration import Configuration
from domain.running import log_sentences
from domain.running.clients import Trust
from domain.running.deadlock_suspicions import DeadlockAnswer
from domain.running.events import LogRecorded, SnapshotFailed
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent, ProfileEventType
from domain.wording import on_one_line, without_controls


@final
class ServicesDesk(ManagerDesk):
    """Dispatches each request to the services that it concerns.

    Text that people read, in logs, events and causes, is passed on without control characters.

    Args:
        configuration: The configuration of the run.
        registry: Registers instances.
        peers: Looks up the peers of an instance.
        deadlocks: Detects deadlocks.
        control: Controls the run.
        board: Publishes log records and other events.
        logbook: Stores log records.
        profile: Stores profile events.
        snapshots: Registers snapshots.
        checkpoints: Decides when instances save.
        directories: Creates the directories for snapshots.
        snapshot_store: Path or URL of the store for instance snapshots; empty for the run
            directory.
        trust_of: Returns which clients without proof one of our own instances serves.
        note: Adds a line to the log of the manager.
        unclosed: Watches the conduits that MUSCLE3's library does not close; None for no watch.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        registry: InstanceRegistry,
        peers: PeerLookup,
        deadlocks: DeadlockWatch,
        control: RunControl,
        board: StatusBoard,
        logbook: Logbook,
        profile: ProfileIntake,
        snapshots: SnapshotRegistry,
        checkpoints: RunCheckpoints,
        directories: InstanceDirectories,
        snapshot_store: str = "",
        trust_of: Callable[[Reference], Trust] = lambda _instance: Trust.USER,
        note: Callable[[str], object] = lambda _text: None,
        unclosed: UnclosedConduits | None = None,
    ) -> None:
        self._configuration = configuration
        self._registry = registry
        self._peers = peers
        self._deadlocks = deadlocks
        self._control = control
        self._board = board
        self._logbook = logbook
        self._profile = profile
        self._snapshots = snapshots
        self._checkpoints = checkpoints
        self._directories = directories
        self._snapshot_store = snapshot_store
        self._trust_of = trust_of
        self._note = note
        self._unclosed = unclosed
        self._error_shutdowns = ErrorShutdowns()
        self._reported_errors = ReportedErrors()

    def register_instance(
        self, instance: str, locations: Sequence[str], ports: Sequence[Port], version: str
    ) -> Registration:
        try:
            registration = self._registry.register(instance, locations, ports, version)
        except CouplingError as error:
            self._reported_errors.note_report(instance, str(error))
            raise
        self._note(log_sentences.registered(instance))
        is_own = self._registry.is_own(instance)
        if not is_own:
            self._error_shutdowns.watch(instance)
        self._control.note_registered(instance, is_own=is_own)
        if self._unclosed is not None:
            self._unclosed.note_registered(instance)
        if not is_own:
            return registration
        return replace(registration, trust=self._trust_of(self._registry.resolve(instance)[0]))

    def get_peers(self, instance: str) -> PeerInfo:
        return self._peers.get_peers(instance)

    def await_peers(self, instance: str, ready: Callable[[PeerInfo], None]) -> None:
        self._peers.await_peers(instance, ready)

    def is_dialect_0_10(self, instance: str) -> bool:
        return self._registry.is_dialect_0_10(instance)

    def deregister_instance(self, instance: str) -> None:
        self._registry.deregister(instance)
        self._note(log_sentences.deregistered(instance))
        self._deadlocks.remove_instance(instance)
        self._checkpoints.forget(instance)
        error = self._error_shutdowns.error_of(instance)
        if error is not None:
            self._control.note_failed(instance, error)
        self._control.note_deregistered(instance)
        if self._unclosed is not None:
            self._unclosed.note_deregistered(instance)

    def note_disconnected(self, instance: str) -> None:
        self._control.note_disconnected(instance)

    def note_connected(self, instance: str) -> None:
        self._control.note_connected(instance)

    def get_settings(self) -> Settings:
        return self._configuration.settings

    def submit_log_message(self, record: LogRecord) -> None:
        record = record._replace(
            instance=on_one_line(record.instance), text=without_controls(record.text)
        )
        self._logbook.write(record)
        self._error_shutdowns.note_log(record)
        if not self._reported_errors.includes(record):
            self._board.publish(LogRecorded(record))

    def submit_profile_events(
        self, instance: str, events: Sequence[ProfileEvent], *, dropped: int = 0
    ) -> None:
        reference, _ = self._registry.resolve(instance)
        self._profile.add(reference, events, dropped=dropped)
        self._error_shutdowns.note_events(instance, events)
        for event in reversed(events):
            # MUSCLE3's instances report their simulation time only in this way
            if event.event_type is ProfileEventType.SEND and event.message_timestamp is not None:
                self._board.note_time(instance, event.message_timestamp)
                break

    def submit_snapshot(self, instance: str, metadata: SnapshotMetadata) -> None:
        reference, _ = self._registry.resolve(instance)
        self._snapshots.register_snapshot(reference, metadata)

    def await_checkpoint_info(
        self, instance: str, ready: Callable[[CheckpointInfo | CouplingError], None]
    ) -> None:
        reference, _ = self._registry.resolve(instance)
        is_own = self._registry.is_own(instance)

        def answer(snapshot_directory: str) -> None:
            info = CheckpointInfo(
                self._checkpoints.elapsed(),
                self._checkpoints.checkpoints,
                self._configuration.resume.get(reference),
                snapshot_directory,
                on_request=is_own and self._checkpoints.on_request,
                must_store=is_own and self._checkpoints.must_store,
            )
            ready(info)

        store = self._snapshot_store
        if store and (is_own or not is_url(store)):  # MUSCLE3's library supports only files
            answer(store)
            return
        self._directories.ensure(
            reference,
            ready=lambda directory: answer(str(directory / "snapshots")),
            failed=lambda error: ready(_as_coupling_error(error)),
        )

    def await_checkpoint_request(self, instance: str, requested: Callable[[str], None]) -> None:
        self._registry.resolve(instance)
        self._checkpoints.await_request(instance, requested)

    def report_snapshot_failed(self, instance: str, problem: str) -> None:
        self._registry.resolve(instance)
        self._board.publish(SnapshotFailed(without_controls(problem), instance))

    def report_failed(
        self, instance: str, problem: str, *, kind: FailureKind | None = None
    ) -> None:
        self._registry.resolve(instance)
        problem = without_controls(problem)
        self._reported_errors.note_report(instance, problem)
        self._control.note_failed(instance, problem, kind=kind)

    def waiting_to_send(self, wait: Wait) -> None:
        self.waiting_for_receive(wait)

    def waiting_to_send_done(self, wait: Wait) -> None:
        self.waiting_for_receive_done(wait)

    def waiting_for_receive(self, wait: Wait) -> None:
        self._registry.resolve(wait.instance)
        wait = _printable(wait)
        self._deadlocks.add(wait)
        self._control.note_wait(wait.instance, wait)
        if self._unclosed is not None:
            self._unclosed.note_wait(wait)

    def waiting_for_receive_done(self, wait: Wait) -> None:
        self._registry.resolve(wait.instance)
        wait = _printable(wait)
        self._deadlocks.remove(wait)
        self._control.note_wait(wait.instance, None)
        if self._unclosed is not None:
            self._unclosed.note_wait_done(wait.instance)

    def is_deadlocked(self, instance: str) -> bool:
        self._registry.resolve(instance)
        return self._deadlocks.is_deadlocked(instance)

    def check_deadlock(self, key: WaitKey, *, confirms: int) -> DeadlockAnswer:
        instance, _, _ = key
        self._registry.resolve(instance)
        return self._deadlocks.check(key, confirms=confirms)

    def report_status(
        self, instance: str, simulated_time: float | None, waiting: Wait | None
    ) -> None:
        self._registry.resolve(instance)
        if simulated_time is not None:
            self._board.note_time(instance, simulated_time)
        self._control.note_wait(instance, None if waiting is None else _printable(waiting))


def _printable(wait: Wait) -> Wait:
    return wait._replace(peer=on_one_line(wait.peer), port=on_one_line(wait.port))


def _as_coupling_error(error: Exception) -> CouplingError:
    return error if isinstance(error, CouplingError) else RunError(str(error))
