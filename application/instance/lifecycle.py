"""The life of one instance: from registering, through the reuse loop, to shutting down."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple, NoReturn, TypeVar

from application.instance.checkpoint_calls import CheckpointCalls, check_supports_checkpoints
from application.instance.checkpointing import CheckpointTriggers
from application.instance.communicator import Communicator
from application.instance.declared_ports import Declaration, make_port_states, parse_declaration
from application.instance.exchange_state import ExchangeState
from application.instance.leaving import Leaving
from application.instance.library_settings import apply_library_settings
from application.instance.overlays import OverlayKeeper
from application.instance.port_table import PortTable, default_for
from application.instance.profiler import Profiler
from application.instance.receiving import Receiver
from application.instance.resume_checks import check_fits
from application.instance.snapshot_manager import SnapshotManager
from application.instance.waiting import PatientReceiver
from application.interfaces.clock import Clock
from application.interfaces.instance_log import InstanceLog
from application.interfaces.manager_link import ManagerLink
from application.interfaces.peer_transport import PeerTransport
from application.interfaces.snapshot_archive import SnapshotArchive
from domain.call_order import Call, CallOrder
from domain.checkpoints import CheckpointInfo
from domain.errors import CouplingError, PortError, SettingMissing, UsageError
from domain.flags import InstanceFlags
from domain.identity import Reference
from domain.messages import Message, Milestone, PeerMessage
from domain.ports import SETTINGS_IN, Operator, Port, PortState
from domain.profiling import ProfileEventType
from domain.settings import (
    SettingValue,
    checked_value,
    find_setting,
    visible_names,
)
from domain.timelines import ReuseLoop

ERROR = 40
WARNING = 30
INFO = 20

_T = TypeVar("_T")


class Surroundings(NamedTuple):
    """All that an instance needs of the outside.

    Attributes:
        link: Connection to the manager.
        transport: Connections to the peers.
        clock: Tells the time.
        log: Takes what is to be told to the user.
        archive: Keeps snapshots.
        one_at_a_time: Lets one thread at a time in, where a model has several.
    """

    link: ManagerLink
    transport: PeerTransport
    clock: Clock
    log: InstanceLog
    archive: SnapshotArchive
    one_at_a_time: AbstractContextManager[object]


class Lifecycle:
    """Lets a model take part in a coupled simulation.

    Every call that fails because the model, the configuration or a peer is wrong closes all ports
    and tells the manager first, so that nobody waits for this instance.

    Args:
        instance: Name of the instance.
        ports: Ports by operator; None to take those of the configuration.
        flags: What the model says about itself.
        surroundings: The outside.

    Raises:
        CouplingError: If the instance cannot take part.
    """

    def __init__(
        self,
        instance: Reference,
        ports: Declaration | None,
        flags: InstanceFlags,
        surroundings: Surroundings,
    ) -> None:
        self._instance = instance
        self.name = instance
        self._flags = flags
        self._link = surroundings.link
        self._transport = surroundings.transport
        self._log = surroundings.log
        self._clock = surroundings.clock
        self._archive = surroundings.archive
        self._one_at_a_time = surroundings.one_at_a_time
        self._profiler = Profiler(clock=self._clock, link=self._link)
        self._waiting = PatientReceiver(link=self._link, clock=self._clock)
        self._communicator = Communicator(
            transport=self._transport, waiting=self._waiting, profiler=self._profiler
        )
        self._leaving = Leaving(
            link=self._link,
            transport=self._transport,
            profiler=self._profiler,
            log=self._log,
            clock=self._clock,
        )
        self._ports = PortTable(instance, {})
        self._receiver = Receiver(communicator=self._communicator, ports={})
        self._is_registered = False
        self._has_begun = False
        self._received_ahead: bool | None = None
        self._calls = CallOrder(uses_checkpoint_api=InstanceFlags.USES_CHECKPOINT_API in flags)
        try:
            self._join(ports)
        except CouplingError as error:
            self._fail(error)

    # The reuse loop ------------------------------------------------------------------------------

    def reuse_instance(self) -> bool:
        """Begin the next pass of the reuse loop; False when there is none."""
        try:
            self._calls.check(Call.REUSE_INSTANCE)
            self._check_usable()
            goes_on = self._begin_pass()
        except CouplingError as error:
            self._fail(error)
        self._calls.note(Call.REUSE_INSTANCE, answer=goes_on)
        if not goes_on:
            self._shut_down()
        return goes_on

    def error_shutdown(self, message: str) -> None:
        """Close all ports and tell the manager that the model failed."""
        self._log.log(ERROR, message)
        self._shut_down(failure=message)

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
                self._check_overlay_use(port, with_settings=with_settings)
                message = self._receiver.take_initial(port, slot)
            else:
                message = self._receive_update(port, slot, with_settings=with_settings)
        except CouplingError as error:
            self._fail(error)
        self._waiting.note_progress(message.timestamp)
        settings = message.overlay if with_settings else None
        return Message(message.timestamp, message.next_timestamp, message.data, settings)

    # What the model can ask ----------------------------------------------------------------------

    def list_settings(self) -> list[str]:
        """Return the names of all settings that this instance can ask for."""
        return visible_names(self._instance, self._overlays.overlay, self._overlays.base)

    def get_setting(
        self, name: str, typ: str | None, default: Callable[[], SettingValue]
    ) -> SettingValue:
        """Return the value of a setting.

        Args:
            name: Its name.
            typ: The type it must have; None for any.
            default: Returns the default, or raises SettingMissing's own KeyError if there is none.
        """
        try:
            value = find_setting(self._instance, name, self._overlays.overlay, self._overlays.base)
        except SettingMissing:
            return default()
        return value if typ is None else checked_value(name, value, typ)

    def list_ports(self) -> dict[Operator, list[str]]:
        """Return the names of the ports by operator."""
        return self._ports.names_by_operator()

    def port(self, name: str) -> PortState:
        """Return a port.

        Raises:
            PortMissing: If there is none of this name.
        """
        return self._ports.asked_about(name)

    def vector_port(self, name: str) -> PortState:
        """Return a port that must be a vector port.

        Raises:
            PortMissing: If there is none of this name.
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

    def save_snapshot(self, message: Message) -> None:
        """Keep the state of the model."""
        self._guarded(lambda: self._checkpoints.save_snapshot(message))

    def should_save_final_snapshot(self) -> bool:
        """Whether the model must save its state at the end of the reuse loop."""
        return self._guarded(self._checkpoints.should_save_final_snapshot)

    def save_final_snapshot(self, message: Message) -> None:
        """Keep the state of the model at the end of the reuse loop."""
        self._guarded(lambda: self._checkpoints.save_final_snapshot(message))

    # Joining and leaving -------------------------------------------------------------------------

    def _join(self, declaration: Declaration | None) -> None:
        declared: list[Port] | None = None
        vectors: set[str] = set()
        if declaration is not None:
            declared, vectors = parse_declaration(declaration)
        start = self._profiler.now()
        timeline = self._link.register_instance(self._transport.locations(), declared or [])
        self._is_registered = True
        self._profiler.record(ProfileEventType.REGISTER, start)
        start = self._profiler.now()
        peers = self._link.request_peers()
        self._ports = PortTable(self._instance, make_port_states(declared, vectors, peers))
        self._communicator.connect(peers, self._ports, depth=len(timeline))
        self._profiler.record(ProfileEventType.CONNECT, start)
        self._overlays = OverlayKeeper(self._link.get_settings())
        self._receiver = Receiver(communicator=self._communicator, ports=self._ports)
        self._loop = ReuseLoop(self._ports, depth=len(timeline))
        apply_library_settings(
            self.get_setting, waiting=self._waiting, profiler=self._profiler, log=self._log
        )
        info = self._link.get_checkpoint_info()
        self._prepare_checkpoints(info, is_called=len(timeline) > 1)

    def _prepare_checkpoints(self, info: CheckpointInfo, *, is_called: bool) -> None:
        check_supports_checkpoints(str(self._instance), self._flags, info)
        exchange = ExchangeState(
            communicator=self._communicator, receiver=self._receiver, loop=self._loop
        )
        self._snapshots = SnapshotManager(
            self._instance,
            self._link,
            exchange,
            archive=self._archive,
            log=self._log,
            must_store=info.must_store,
            check=partial(
                check_fits, instance=self._instance, ports=self._ports, flags=self._flags
            ),
        )
        triggers = CheckpointTriggers(info, clock=self._clock)
        self._checkpoints = CheckpointCalls(
            calls=self._calls,
            triggers=triggers,
            snapshots=self._snapshots,
            overlays=self._overlays,
            receiver=self._receiver,
            communicator=self._communicator,
            receive_ahead=self._receive_ahead,
            flags=self._flags,
            is_called=is_called,
        )
        resumed_at = self._snapshots.prepare_resume(info.resume_from, info.snapshot_directory)
        if self._snapshots.resumed is not None and resumed_at is not None:
            self._overlays.overlay = self._snapshots.resumed.settings_overlay
            triggers.resume(resumed_at)
        if info.on_request:
            self._link.await_checkpoint_request(triggers.request)

    def _shut_down(self, *, failure: str | None = None) -> None:
        self._leaving.leave(
            ports=self._ports,
            communicator=self._communicator,
            receiver=self._receiver,
            is_registered=self._is_registered,
            failure=failure,
        )

    def _fail(self, error: CouplingError) -> NoReturn:
        """Leave because of an error, and raise it."""
        if not self._leaving.is_done:
            self._log.log(ERROR, str(error))
            self._shut_down(failure=str(error))
        raise error

    # Beginning a pass ----------------------------------------------------------------------------

    def _begin_pass(self) -> bool:
        is_first = not self._has_begun
        self._has_begun = True
        self._checkpoints.note_pass_begun(is_first=is_first)
        if is_first and self._snapshots.resuming_from_intermediate():
            return True  # the pass goes on in which the snapshot was made
        self._checkpoints.before_receiving_ahead()
        goes_on = self._receive_ahead()
        if self._loop.iteration is not None:
            self._checkpoints.after_receiving_ahead(goes_on=goes_on)
        self._received_ahead = None
        if not goes_on:
            return False
        initial = self._receiver.initial_messages()
        settings = [message for port, message in initial if port.name == SETTINGS_IN]
        self._overlays.start_pass(settings[0] if settings else None)
        if InstanceFlags.DONT_APPLY_OVERLAY not in self._flags:
            self._overlays.adopt(item for item in initial if item[0].name != SETTINGS_IN)
        self._loop.start_pass(self._next_iteration)
        return True

    def _receive_ahead(self) -> bool:
        """End the pass, and receive what begins the next one; return whether there is one."""
        if self._received_ahead is not None:
            return self._received_ahead
        self._loop.check_finished()
        finished = self._loop.iteration
        if finished is not None:
            self._send_on(Milestone(finished), Operator.O_I)
        if not self._receiver.has_initial_ports and finished is not None:
            self._received_ahead = False
            return False
        iteration = self._receiver.receive_ahead(
            lambda milestone: self._send_on(milestone, Operator.O_I, Operator.O_F)
        )
        self._next_iteration = iteration or ()
        self._received_ahead = iteration is not None
        return self._received_ahead

    def _send_on(self, milestone: Milestone, *operators: Operator) -> None:
        for port in self._ports.connected(*operators):
            self._communicator.send_milestone(port, milestone)

    # Checking what the model does ----------------------------------------------------------------

    def _receive_update(
        self, port: PortState, slot: int | None, *, with_settings: bool
    ) -> PeerMessage:
        with self._one_at_a_time:
            expected = self._loop.expect_receive(port, slot)
        message, is_new = self._receiver.receive_update(port, slot, expected)
        if isinstance(message.data, Milestone):
            msg = f"Port {port.name} was closed while trying to receive on it, did the peer crash?"
            raise PortError(msg)
        with self._one_at_a_time:
            self._loop.receive(port, slot, message.iteration if is_new else None)
        if not with_settings:
            self._overlays.check(port, message)
        return message

    def _check_overlay_use(self, port: PortState, *, with_settings: bool) -> None:
        if with_settings and InstanceFlags.DONT_APPLY_OVERLAY not in self._flags:
            msg = (
                f"receive_with_settings() was called on F_INIT port '{port.name}', whose overlay"
                " has been applied already. Pass the flag InstanceFlags.DONT_APPLY_OVERLAY when"
                " making the Instance."
            )
            raise PortError(msg)

    def _check_usable(self) -> None:
        if self._leaving.is_done:
            msg = (
                f"Instance '{self._instance}' has shut down already: reuse_instance() returned"
                " False, or an error was raised before."
            )
            raise UsageError(msg)

    def _guarded(self, action: Callable[[], _T]) -> _T:
        try:
            self._check_usable()
            return action()
        except CouplingError as error:
            self._fail(error)
