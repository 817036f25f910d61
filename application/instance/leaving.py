"""How an instance leaves a simulation."""

from __future__ import annotations

from typing import Final

from application.instance.communicator import Communicator
from application.instance.draining import Draining
from application.instance.port_table import PortTable
from application.instance.profiler import Profiler
from application.instance.receiving import Receiver
from application.interfaces.clock import Clock
from application.interfaces.instance_log import InstanceLog
from application.interfaces.manager_link import ManagerLink
from application.interfaces.peer_transport import PeerTransport
from domain.errors import CouplingError, PeerLost
from domain.messages import Milestone
from domain.ports import Operator
from domain.profiling import ProfileEventType

WARNING: Final = 30
PATIENCE_AFTER_FAILURE: Final = 5.0
"""Seconds for draining, and for the peers to fetch what was sent to them, after a failure."""

DRAINING_PATIENCE: Final = 60.0
"""Seconds for draining where the manager does not stop the peers of an instance that failed."""

LEAST_PATIENCE: Final = 1.0
RETRY_TIME_AFTER_FAILURE: Final = 2.0


class Leaving:
    """Closes ports, sees that all messages arrive, and deregisters.

    Args:
        link: Connection to the manager.
        transport: Connections to the peers.
        profiler: Is told how long it takes.
        log: Is told of what goes wrong.
        clock: Measures the time.
    """

    def __init__(
        self,
        *,
        link: ManagerLink,
        transport: PeerTransport,
        profiler: Profiler,
        log: InstanceLog,
        clock: Clock,
    ) -> None:
        self._link = link
        self._transport = transport
        self._profiler = profiler
        self._log = log
        self._clock = clock
        self.is_done = False

    def leave(
        self,
        *,
        ports: PortTable,
        communicator: Communicator,
        receiver: Receiver,
        is_registered: bool,
        failure: str | None,
    ) -> None:
        """Leave. Only the first call does anything.

        Args:
            ports: All ports.
            communicator: Sends the closing milestones.
            receiver: Receives until all ports are closed.
            is_registered: Whether the manager knows us.
            failure: What went wrong, if something did; then neither peers that have yet to send
                nor those that have yet to receive are waited for without a limit.
        """
        if self.is_done:
            return
        self.is_done = True
        try:
            # before the peers, who then know nothing better to say than that they lost us
            stops_peers = (
                failure is not None and is_registered and self._link.report_failed(failure)
            )
            start = self._profiler.now()
            self._close_ports(ports, communicator, has_failed=failure is not None)
            timeout: float | None = None
            if failure is None:
                self._drain(receiver)
            else:
                patience = PATIENCE_AFTER_FAILURE if stops_peers else DRAINING_PATIENCE
                timeout = self._drain_after_failure(ports, communicator, patience)
            self._disconnect(start, timeout=timeout)
            if is_registered:
                self._deregister()
        except CouplingError as error:
            self._log.log(WARNING, f"Could not shut down cleanly: {error}")
        finally:
            self._transport.close()
            self._link.close()

    def _close_ports(
        self, ports: PortTable, communicator: Communicator, *, has_failed: bool
    ) -> None:
        for port in ports.connected(Operator.O_I, Operator.O_F):
            try:
                # who fails before its counts are restored must not seem to have lost messages
                communicator.send_milestone(port, Milestone(()), is_counted=not has_failed)
            except CouplingError as error:
                if not has_failed:
                    raise
                self._log.log(WARNING, f"Port '{port.name}' could not be closed: {error}")

    def _drain_after_failure(
        self, ports: PortTable, communicator: Communicator, patience: float
    ) -> float:
        """Drain the ports for a limited time; return how long to wait for receivers after that."""
        start = self._clock.monotonic()
        self._transport.limit_retries(RETRY_TIME_AFTER_FAILURE)
        Draining(communicator, clock=self._clock).drain(
            ports.connected(Operator.F_INIT, Operator.S), timeout=patience
        )
        spent = self._clock.monotonic() - start
        return max(LEAST_PATIENCE, PATIENCE_AFTER_FAILURE - spent)

    def _drain(self, receiver: Receiver) -> None:
        try:
            receiver.drain()
        except PeerLost as error:
            self._log.log(WARNING, f"A peer was lost while shutting down: {error}")

    def _disconnect(self, start: int, *, timeout: float | None) -> None:
        self._profiler.record(ProfileEventType.SHUTDOWN_WAIT, start)
        self._transport.finish_receiving()
        disconnecting = self._profiler.now()
        self._transport.wait_until_sent(timeout=timeout)
        self._profiler.record(ProfileEventType.DISCONNECT_WAIT, disconnecting)
        self._profiler.record(ProfileEventType.SHUTDOWN, start)

    def _deregister(self) -> None:
        self._profiler.record(ProfileEventType.DEREGISTER, self._profiler.now())
        self._profiler.flush()
        self._link.deregister_instance()
