"""The life of one instance, from its first pass through the reuse loop until it leaves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import NoReturn, TypeVar

from application.instance.cautions import Cautions
from application.instance.checkpoints.checkpoint_calls import CheckpointCalls
from application.instance.checkpoints.snapshot_manager import SnapshotManager
from application.instance.closed_port import closed_port_error
from application.instance.connections import Connections
from application.instance.departure import Leaving
from application.instance.next_pass import NextPass
from application.instance.overlays import OverlayKeeper
from application.instance.patient_receiver import PatientReceiver
from application.instance.port_table import default_for
from application.interfaces.instance_log import InstanceLog
from domain.coupling.call_order import Call, CallOrder
from domain.coupling.messages import Message, Milestone, PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.ports import Operator, PortSlot, PortState
from domain.coupling.settings import SettingValue
from domain.coupling.timelines import ReuseLoop
from domain.errors import CouplingError, PeerFinished, PortClosed, PortError, UsageError
from domain.identity import Reference
from domain.running.log_levels import LogLevel

_T = TypeVar("_T")


class Lifecycle:
    """An instance that has joined a simulation, with all calls that its model can make.

    When a call fails because of the model, the configuration or a peer, the instance first reports
    the failure to the manager and closes all ports, so that no peer waits for it. See `arrival` for
    how an instance joins, and `departure` for how it leaves.

    Args:
        instance: Name of the instance.
        connections: The ports, and the services that send and receive on them.
        waiting: Reports progress to the manager.
        overlays: The settings.
        loop: The order of sends and receives.
        next_pass: Ends a pass of the reuse loop, and begins the next one.
        calls: The order of calls of the API.
        snapshots: Has the snapshot that the instance was resumed from.
        checkpoints: Handles the calls for checkpoints.
        cautions: Warns about probable mistakes of the model.
        departure: Leaves the simulation.
        log: Logs messages for the user.
        one_at_a_time: Admits one thread of the model at a time.

    Attributes:
        name: Name of the instance.
    """

    def __init__(
        self,
        instance: Reference,
        *,
        connections: Connections,
        waiting: PatientReceiver,
        overlays: OverlayKeeper,
        loop: ReuseLoop,
        next_pass: NextPass,
        calls: CallOrder,
        snapshots: SnapshotManager,
        checkpoints: CheckpointCalls,
        cautions: Cautions,
        departure: Leaving,
        log: InstanceLog,
        one_at_a_time: AbstractContextManager[object],
    ) -> None:
        self.name = instance
        self._connections = connections
        self._ports, self._communicator, self._receiver = connections
        self._waiting = waiting
        self._overlays = overlays
        self._loop = loop
        self._next_pass = next_pass
        self._calls = calls
        self._snapshots = snapshots
        self._checkpoints = checkpoints
        self._cautions = cautions
        self._departure = departure
        self._log = log
        self._one_at_a_time = one_at_a_time
        self._has_begun = False
        self._forked_in: int | None = None
        self._finished: dict[PortSlot, str] = {}

    # The reuse loop ------------------------------------------------------------------------------

    def reuse_instance(self) -> bool:
        """Begin the next pass of the reuse loop; return False if there is none."""
        try:
            self._calls.check(Call.REUSE_INSTANCE)
            self._check_usable()
            goes_on = self._begin_pass()
        except CouplingError as error:
            self._fail(error)
        self._calls.note(Call.REUSE_INSTANCE, answer=goes_on)
        if not goes_on:
            self._waiting.report_last_time()
            self._departure.leave(self._connections)
        return goes_on

    def error_shutdown(self, message: str) -> None:
        """Report to the manager that the model failed, and close all ports."""
        if self._departure.is_done:
            self._log.log(LogLevel.ERROR, message)
        self._departure.leave(self._connections, failure=message)

    def send(self, port_name: str, message: Message, slot: int | None) -> None:
        """Send a message."""
        try:
            self._check_usable()
            port = self._ports.to_send_on(port_name, slot)
            if not port.is_connected:
                return
            if not port.is_open(slot):
                msg = f"Port {port_name} is already closed."
                raise PortError(msg)
            with self._one_at_a_time:
                iteration = self._loop.send(port, slot)
                if port.operator is Operator.O_I:
                    self._cautions.note_sent(port.name, slot, message)
            overlay = self._overlays.overlay if message.settings is None else message.settings
            self._communicator.send(port, slot, message, overlay, iteration)
        except CouplingError as error:
            self._fail(error)

    def receive(
        self, port_name: str, slot: int | None, default: Message | None, *, with_settings: bool
    ) -> Message:
        """Receive a message."""
        try:
            self._check_usable()
            port = self._ports.to_receive_on(port_name, slot)
            if not port.is_connected:
                return default_for(port, default)
            if port.operator is Operator.F_INIT:
                self._loop.check_begun()
                if with_settings:
                    self._overlays.check_with_settings(port)
                message = self._receiver.take_initial(port, slot)
            else:
                message = self._receive_update(port, slot, with_settings=with_settings)
        except PeerFinished as error:
            # the other ports stay usable
            error.report = partial(self._departure.leave_failed, error, self._connections)
            raise
        except CouplingError as error:
            self._fail(error)
        self._waiting.note_progress(message.timestamp)
        settings = message.overlay if with_settings else None
        return Message(message.timestamp, message.next_timestamp, message.data, settings)

    def note_forked(self, process: int) -> None:
        """Record that this is a copy of the instance in a forked process.

        It shares the connections with the original, so it must not use them.

        Args:
            process: Number of the forked process.
        """
        self._forked_in = process
        self._departure.is_done = True

    # Queries of the model ------------------------------------------------------------------------

    def list_settings(self) -> list[str]:
        """Return the names of all settings that apply to this instance."""
        return self._overlays.names()

    def get_setting(
        self, name: str, typ: str | None, default: Callable[[], SettingValue]
    ) -> SettingValue:
        """Return the value of a setting; see `OverlayKeeper.get`.

        Raises:
            SettingMismatch: If the value has another type.
        """
        if not self._has_begun:
            self._cautions.note_early_setting(name)
        return self._overlays.get(name, typ, default)

    def list_ports(self) -> dict[Operator, list[str]]:
        """Return the names of the ports by operator."""
        return self._ports.names_by_operator()

    def port(self, name: str) -> PortState:
        """Return a port.

        Raises:
            PortMissing: If it does not exist.
        """
        return self._ports.asked_about(name)

    def vector_port(self, name: str) -> PortState:
        """Return a port that must be a vector port.

        Raises:
            PortMissing: If it does not exist.
            PortError: If it is a scalar port.
        """
        return self._ports.vector(name)

    def set_port_length(self, name: str, length: int) -> None:
        """Set the length of a resizable port."""
        try:
            self._ports.resizable(name).set_length(length)
        except CouplingError as error:
            self._fail(error)

    # Checkpoints ---------------------------------------------------------------------------------

    def resuming(self) -> bool:
        """Whether the model must load a snapshot now."""
        return self._guarded(self._checkpoints.resuming)

    def should_init(self) -> bool:
        """Whether the model must initialise itself, from its F_INIT messages."""
        return self._guarded(self._checkpoints.should_init)

    def load_snapshot(self) -> Message:
        """Return the state to resume from."""
        return self._guarded(self._checkpoints.load_snapshot)

    def should_save_snapshot(self, timestamp: float) -> bool:
        """Whether the model must save its state now."""
        return self._guarded(lambda: self._checkpoints.should_save_snapshot(timestamp))

    def take_snapshot(self, message: Message) -> None:
        """Take a snapshot with the state of the model."""
        self._guarded(lambda: self._checkpoints.accept_state(message))

    def should_save_final_snapshot(self) -> bool:
        """Whether the model must save its state at the end of the reuse loop."""
        return self._guarded(self._checkpoints.should_save_final_snapshot)

    def take_final_snapshot(self, message: Message) -> None:
        """Take a snapshot with the state of the model at the end of the reuse loop."""
        self._guarded(lambda: self._checkpoints.accept_final_state(message))

    # Passes and leaving --------------------------------------------------------------------------

    def _begin_pass(self) -> bool:
        is_first = not self._has_begun
        self._has_begun = True
        self._checkpoints.note_pass_begun(is_first=is_first)
        if is_first and self._snapshots.resuming_from_intermediate():
            self._overlays.resume_pass(self._receiver.initial_messages())
            return True  # continue the pass in which the snapshot was taken
        self._checkpoints.before_receiving_ahead()
        goes_on = self._next_pass.receive_ahead()
        if self._loop.iteration is not None:
            self._checkpoints.after_receiving_ahead(goes_on=goes_on)
        if goes_on:
            self._overlays.start_pass(self._receiver.initial_messages())
            self._cautions.start_pass(self._overlays.overlay)
            self._next_pass.start()
        return goes_on

    def _fail(self, error: CouplingError) -> NoReturn:
        """Leave because of an error, and raise it."""
        self._departure.leave_failed(error, self._connections)
        raise error

    # Checks of the model's calls -----------------------------------------------------------------

    def _receive_update(
        self, port: PortState, slot: int | None, *, with_settings: bool
    ) -> PeerMessage:
        if self._finished and (port.name, slot) in self._finished:
            raise PeerFinished(self._finished[port.name, slot])
        with self._one_at_a_time:
            expected = self._loop.expect_receive(port, slot)
        message, is_new = self._receiver.receive_update(port, slot, expected)
        if isinstance(message.data, Milestone):
            raise self._closed(port, slot, message)
        with self._one_at_a_time:
            self._loop.receive(port, slot, message.iteration if is_new else None)
        if not with_settings:
            self._overlays.check(port, message)
        return message

    def _closed(self, port: PortState, slot: int | None, last: PeerMessage) -> PortClosed:
        """Return the error for a message that closes a port on which the model receives."""
        error = closed_port_error(
            Endpoint(self.name, port.name, slot),
            sender=self._communicator.sender_to(port, slot),
            last=last,
            # one of MUSCLE3's that fails may count
            is_certain=not self._communicator.must_drain(port, slot),
        )
        if isinstance(error, PeerFinished):
            self._finished[port.name, slot] = str(error)
            with self._one_at_a_time:
                self._loop.note_closed(port)
        return error

    def _check_usable(self) -> None:
        if self._forked_in is not None:
            msg = (
                f"Instance '{self.name}' is used in process {self._forked_in}, which was forked"
                " from the one that created it, for example by multiprocessing. Send and receive"
                " in the original process only, and pass data to and from its children."
            )
            raise UsageError(msg)
        if self._departure.is_done:
            msg = (
                f"Instance '{self.name}' has shut down already: reuse_instance() returned"
                " False, or an error was raised before."
            )
            raise UsageError(msg)

    def _guarded(self, action: Callable[[], _T]) -> _T:
        try:
            self._check_usable()
            return action()
        except CouplingError as error:
            self._fail(error)
