"""Makes an instance leave a simulation."""

from __future__ import annotations

from typing import Final

from application.instance.connections import Connections
from application.instance.draining import Draining
from application.instance.profiler import Profiler
from application.instance.receiver import Receiver, Unreceived
from application.interfaces.clock import Clock
from application.interfaces.instance_log import InstanceLog
from application.interfaces.manager_link import ManagerLink
from application.interfaces.peer_transport import PeerTransport, Room
from domain.coupling.messages import Milestone
from domain.coupling.peers import Endpoint
from domain.coupling.ports import Operator
from domain.errors import CouplingError, PeerLost
from domain.running.failure_kinds import FailureKind, kind_of
from domain.running.log_levels import LogLevel
from domain.running.profiling import ProfileEventType

PATIENCE_AFTER_FAILURE: Final = 5.0
"""Seconds for draining, and for the peers to fetch our messages, after a failure."""

DRAINING_PATIENCE: Final = 60.0
"""Seconds for draining if the manager does not stop the peers of an instance that failed."""

UNRECEIVED_CURE: Final = (
    "Check that the receiver makes as many steps, or passes of the reuse loop, as the sender."
)

LEAST_PATIENCE: Final = 1.0
RETRY_TIME_AFTER_FAILURE: Final = 2.0


class Leaving:
    """Closes ports, ensures that all messages arrive, and deregisters.

    Args:
        link: Connection to the manager.
        transport: Connections to the peers.
        profiler: Records how long it takes.
        log: Receives warnings.
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

    def leave_failed(
        self, error: CouplingError, connections: Connections | None, *, is_registered: bool = True
    ) -> None:
        """Leave because of an error, unless the instance has already left.

        Args:
            error: Why the instance fails.
            connections: As for `leave`.
            is_registered: As for `leave`.
        """
        if not self.is_done:
            self.leave(
                connections,
                is_registered=is_registered,
                failure=str(error),
                kind=kind_of(error),
            )

    def leave(
        self,
        connections: Connections | None,
        *,
        is_registered: bool = True,
        failure: str | None = None,
        kind: FailureKind = FailureKind.OWN,
    ) -> None:
        """Leave, and log the failure, if any. Only the first call has an effect.

        Args:
            connections: The ports to close; None if the instance fails before it has any.
            is_registered: Whether the manager has registered the instance.
            failure: Why the instance fails; None if it does not. An instance that fails waits for
                its peers for a limited time only.
            kind: Kind of the failure.
        """
        if self.is_done:
            return
        self.is_done = True
        try:
            # report first: the peers can only report that they lost us, and the manager recognises
            # the log message that follows as the same failure
            stops_peers = (
                failure is not None
                and is_registered
                and self._link.report_failed(failure, kind=kind)
            )
            if failure is not None:
                self._log.log(LogLevel.ERROR, failure)
            start = self._profiler.now()
            timeout = None if failure is None else PATIENCE_AFTER_FAILURE
            if connections is not None:
                self._close_ports(connections, failed=failure is not None)
                if failure is None:
                    self._drain(connections.receiver)
                else:
                    patience = PATIENCE_AFTER_FAILURE if stops_peers else DRAINING_PATIENCE
                    timeout = self._drain_after_failure(connections, patience)
            self._disconnect(start, timeout=timeout)
            if is_registered:
                self._deregister()
        except CouplingError as error:
            self._log.log(LogLevel.WARNING, f"Could not shut down cleanly: {error}")
        finally:
            self._transport.close()
            self._link.close()

    def _close_ports(self, connections: Connections, *, failed: bool) -> None:
        if failed:
            self._transport.limit_queues(None, wait=_never_wait)
        for port in connections.ports.connected(Operator.O_I, Operator.O_F):
            try:
                # if this fails before the counts are restored, numbers would be wrong: omit them
                connections.communicator.send_milestone(port, Milestone(()), is_counted=not failed)
            except CouplingError as error:
                if not failed:
                    raise
                self._log.log(LogLevel.WARNING, f"Port '{port.name}' could not be closed: {error}")

    def _drain_after_failure(self, connections: Connections, patience: float) -> float:
        """Drain the ports for a limited time; return how long to wait for receivers after that."""
        start = self._clock.monotonic()
        self._transport.limit_retries(RETRY_TIME_AFTER_FAILURE)
        Draining(connections.communicator, clock=self._clock).drain(
            connections.ports.connected(Operator.F_INIT, Operator.S), timeout=patience
        )
        spent = self._clock.monotonic() - start
        return max(LEAST_PATIENCE, PATIENCE_AFTER_FAILURE - spent)

    def _drain(self, receiver: Receiver) -> None:
        try:
            receiver.drain(self._warn_about)
        except PeerLost as error:
            self._log.log(LogLevel.WARNING, f"A peer was lost while shutting down: {error}")

    def _warn_about(self, unreceived: Unreceived) -> None:
        self._log.log(LogLevel.WARNING, f"{unreceived}. {UNRECEIVED_CURE}")

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


def _never_wait(_sender: Endpoint, _receiver: Endpoint, _room: Room) -> None:
    """Do nothing: a failed instance must not wait to close its ports."""
