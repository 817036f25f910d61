"""Wires the parts of an instance, with plain functions, because a container is slow to import."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from adapters.io.network import LOOPBACK
from adapters.python_logging.instance_log import PythonInstanceLog
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from adapters.system.clock import SystemClock
from adapters.system.model_threads import PythonModelThreads
from adapters.tcp.manager_link import MMPClient
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.pull_transport import PullPeerTransport
from adapters.tcp.strangers import Strangers
from adapters.tcp.stream_transport import StreamPeerTransport
from adapters.wire.locations import is_loopback
from adapters.wire.reconnection import DEFAULT_RETRIES, LOCAL_RETRIES
from application.instance.arrival import Surroundings, join
from application.instance.lifecycle import Lifecycle
from application.instance.peer_transports import PeerTransports
from application.interfaces.peer_processes import PeerProcesses
from application.interfaces.peer_transport import PeerTransport
from domain.coupling.flags import InstanceFlags
from domain.coupling.ports import Operator
from domain.errors import PeerUnreachable, PortError, TransportError
from domain.running.clients import Trust
from domain.running.error_log_limit import ErrorLogLimit
from domain.running.log_levels import LogLevel
from entrypoints._instance.environment import InstanceEnvironment, read_environment
from entrypoints._snapshots.store_factory import open_store

SOON = 1.0
"""Seconds after which to check that there is a manager."""

SLOW = 5.0
"""Seconds after which to report to the user what the instance waits for."""


def join_simulation(
    ports: Mapping[Operator, Sequence[str]] | None, flags: InstanceFlags
) -> Lifecycle:
    """Connect this program to the simulation that its arguments and environment name.

    Args:
        ports: Names of the ports by operator; operators of the ymmsl library are accepted.
        flags: The flags that describe the model.

    Raises:
        CouplingError: If it cannot connect.
    """
    environment = read_environment(sys.argv, os.environ)
    declaration = None if ports is None else _own_declaration(ports)
    surroundings, link = _connect(environment)
    try:
        with _reported_if_slow(environment, link):
            lifecycle = join(environment.instance, declaration, flags, surroundings)
    except PeerUnreachable:
        # the instance has reached the manager, so the error needs no addition
        _close(surroundings)
        raise
    except TransportError as error:
        _close(surroundings)
        raise TransportError(_unreachable(environment, error)) from error
    except BaseException:
        _close(surroundings)
        raise
    _watch_forks(lifecycle)
    return lifecycle


def _watch_forks(lifecycle: Lifecycle) -> None:
    """Have the copy of an instance in a forked process reject calls."""
    reference = weakref.ref(lifecycle)

    def note_forked() -> None:
        copy = reference()
        if copy is not None:
            copy.note_forked(os.getpid())

    os.register_at_fork(after_in_child=note_forked)


def _close(surroundings: Surroundings) -> None:
    surroundings.transport.close()
    surroundings.link.close()


@contextlib.contextmanager
def _reported_if_slow(environment: InstanceEnvironment, link: MMPClient) -> Iterator[None]:
    """Report what the instance waits for on stderr if it does not join the simulation soon."""
    name = f"Instance '{environment.instance}'"
    is_done = threading.Event()

    def report() -> None:
        if not is_done.wait(SOON) and not link.is_connected:
            _print(
                f"{name}: no manager answers at {environment.manager}. Compare MUSCLE_MANAGER with"
                " the location that the manager printed. The instance keeps trying for a minute."
            )
        elif not is_done.wait(SLOW - SOON):
            _print(
                f"{name} has not joined the simulation yet: it waits for its peers to start. The"
                " output of the manager lists those that are missing."
            )

    reporting = threading.Thread(target=report, name="conjoin-slow-start", daemon=True)
    reporting.start()
    try:
        yield
    finally:
        is_done.set()
        reporting.join()


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _unreachable(environment: InstanceEnvironment, error: TransportError) -> str:
    secret = "" if environment.secret else ", and does it require a secret (CONJOIN_SECRET_FILE)"
    return (
        f"Instance '{environment.instance}' could not join the simulation: {error}. Is the manager"
        f" running{secret}? The instance looked for it at {environment.manager}; set"
        " --muscle-manager or MUSCLE_MANAGER to change that."
    )


def _connect(environment: InstanceEnvironment) -> tuple[Surroundings, MMPClient]:
    # Imported lazily: Python's logging takes 10 ms to import, and not every program that imports
    # this module creates an Instance.

    name = str(environment.instance)
    is_all_local = _is_all_local(environment)
    strangers = None if environment.secret is None else _strangers(environment.secret)
    link = MMPClient(
        environment.instance,
        environment.manager,
        secret=environment.secret,
        retries=LOCAL_RETRIES if is_all_local else DEFAULT_RETRIES,
        on_trust=lambda trust: _set_trust(strangers, trust),
    )
    log = PythonInstanceLog(name, link, environment.log_file)
    error_log = ErrorLogLimit(partial(log.log, LogLevel.WARNING))
    transport = open_transports(
        name,
        secret=environment.secret,
        hosts=[LOOPBACK] if is_all_local else None,
        strangers=strangers,
        on_error=error_log.note,
    )
    snapshots = MsgPackSnapshotRepository(open_store)
    threads = PythonModelThreads(_is_instance)
    one_at_a_time = threading.Lock()
    surroundings = Surroundings(
        link, transport, SystemClock(), log, snapshots, one_at_a_time, threads
    )
    return surroundings, link


def _is_instance(value: object) -> bool:
    return isinstance(getattr(value, "_lifecycle", None), Lifecycle)


def _strangers(secret: str) -> Strangers:
    def open_processes() -> PeerProcesses:
        # imported late, because most instances have no MUSCLE3 peer
        from adapters.processes.peer_processes import new_peer_processes

        return new_peer_processes(secret)

    # before this instance has registered, no client has a reason to fetch messages
    return Strangers(open_processes, trust=Trust.STARTED)


def _set_trust(strangers: Strangers | None, trust: Trust) -> None:
    if strangers is not None:
        strangers.trust = trust


def open_transports(
    instance: str,
    *,
    secret: str | None = None,
    hosts: Sequence[str] | None = None,
    strangers: Strangers | None = None,
    on_error: Callable[[str], None] = lambda _text: None,
) -> PeerTransports:
    """Return the transports of an instance, which listen for its peers.

    Args:
        instance: Name of the instance.
        secret: The run's secret. Without it, Conjoin's own streams are neither offered nor used.
        hosts: Addresses to listen on; None for all addresses of this machine.
        strangers: Decides which clients without proof are served; None serves all.
        on_error: Receives descriptions of connections that violate a protocol, on another thread.
    """
    server = PeerServer(
        instance,
        secret=secret,
        hosts=hosts,
        admit=_admit_all if strangers is None else strangers.admit,
        on_error=on_error,
    )
    # the transports are in order of preference
    transports: list[PeerTransport] = []
    if secret is not None:
        transports.append(StreamPeerTransport(instance, server=server, secret=secret))
    transports.append(
        PullPeerTransport(server=server)
        if strangers is None
        else PullPeerTransport(server=server, check_fetch=strangers.check_fetch)
    )
    return PeerTransports(transports, clock=SystemClock())


def _admit_all(_socket: object, _session: object) -> None:
    """Admit a client from anywhere, as MUSCLE3's instances do."""


def _is_all_local(environment: InstanceEnvironment) -> bool:
    """Return whether Conjoin's manager listens only on loopback, so that all peers are local."""
    return environment.secret is not None and is_loopback(environment.manager)


def _own_declaration(ports: object) -> dict[Operator, Sequence[str]]:
    """Return a port declaration with another library's operators converted to Conjoin's."""
    if not isinstance(ports, Mapping):
        msg = (
            "The ports passed to Instance() must be lists of names by operator, but got"
            f' {ports!r}. Write e.g. {{Operator.O_I: ["state_out"]}}.'
        )
        raise PortError(msg)
    return {_own_operator(operator): names for operator, names in ports.items()}


def _own_operator(operator: object) -> Operator:
    for own in Operator:
        if own == operator:
            return own
    known = ", ".join(f"Operator.{own.name}" for own in Operator)
    msg = (
        f"The ports passed to Instance() have an unknown operator {operator!r}; use one of {known}."
        " Write the operator without quotes, imported from conjoin."
    )
    raise PortError(msg)
