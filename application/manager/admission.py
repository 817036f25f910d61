"""Decides which client may make which requests, so that instances are safe from strangers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, final

from application.interfaces.admission import Admission, Client
from application.interfaces.peer_processes import PeerProcesses
from application.manager.registration import InstanceRegistry
from domain.errors import ManagerRefused
from domain.running.clients import Process, instance_identity

Owner: TypeAlias = Process | str
"""Process that registered an instance; the address of its machine if that is another one; PROVEN
if it proved its identity."""

PROVEN: Final = "proven"


@final
class ClientAdmission(Admission):
    """Admits clients to the requests of the instances that they are.

    A client that has proved an identity may make requests in that name only. Another one, such as
    MUSCLE3's library, must run on this machine, for this user, in a process that an agent started
    for the instance; for an instance that the user starts by hand, any process of the user may
    register it, and from then on only that process. The server has checked the machine and user
    before: it refuses clients on other machines unless the user trusts the network.

    Args:
        registry: Has the instances that have registered.
        processes: Finds out which process a connection belongs to.
        is_by_hand: Returns whether the user starts an instance.
        on_refused: Called with the reason why a registration was refused, if the program cannot
            log it itself: the manager accepts log messages of the model's instances only, and of
            programs that have proved to be one.
        starts_elsewhere: Whether agents may start instances on other machines, where their
            processes cannot be found out.
        on_registered: Called when a client has registered an instance.
    """

    def __init__(
        self,
        *,
        registry: InstanceRegistry,
        processes: PeerProcesses,
        is_by_hand: Callable[[str], bool],
        on_refused: Callable[[str], None] = lambda _reason: None,
        starts_elsewhere: bool = False,
        on_registered: Callable[[str, Client], object] = lambda _instance, _client: None,
    ) -> None:
        self._registry = registry
        self._processes = processes
        self._is_by_hand = is_by_hand
        self._on_refused = on_refused
        self._starts_elsewhere = starts_elsewhere
        self._on_registered = on_registered
        self._proven: set[str] = set()
        self._owners: dict[str, Owner] = {}

    def is_proven(self, instance: str) -> bool:
        """Whether an instance has registered with a proof of its identity."""
        return instance in self._proven

    def check_registration(self, client: Client, instance: str) -> None:
        name = str(self._registry.resolve(instance)[0])
        if client.identity:
            _check_identity(client, name)
            # now, because peers are answered while the registration is carried out
            self._proven.add(name)
            return
        self._check_unproven(client, name)
        self._check_process(client, name)

    def note_registration(self, client: Client, instance: str, *, refusal: str | None) -> None:
        if refusal is not None:
            if not client.identity or instance not in self._registry:
                self._on_refused(refusal)
            if client.identity == instance_identity(instance) and not self._is_owned(instance):
                self._proven.discard(instance)
            return
        name = str(self._registry.resolve(instance)[0])
        client.instance = name
        self._owners[name] = PROVEN if client.identity else _owner(client)
        self._on_registered(name, client)

    def _is_owned(self, instance: str) -> bool:
        """Whether an instance has registered with a proof before."""
        return self._owners.get(instance) == PROVEN

    def check_request(self, client: Client, instance: str | None) -> None:
        if instance is not None and instance == client.instance:
            if not client.identity:
                self._check_unproven(client, instance)
            return
        if instance is None:
            if not (client.instance or client.identity):
                msg = "This program must register an instance before it makes other requests."
                raise ManagerRefused(msg)
            return
        name = str(self._registry.resolve(instance)[0])
        if client.identity:
            _check_identity(client, name)
        else:
            self._check_unproven(client, name)
            self._check_process(client, name)
            self._check_owner(client, name)
        client.instance = name

    def _check_unproven(self, client: Client, name: str) -> None:
        if client.instance not in ("", name):
            msg = (
                f"This program is instance '{client.instance}', and cannot make requests in the"
                f" name of '{name}'."
            )
            raise ManagerRefused(msg)
        if name in self._proven:
            msg = (
                f"Instance '{name}' has proved that it knows the secret of this run, and this"
                " program has not: it cannot take its place. Was the environment variable"
                " CONJOIN_SECRET removed, or is this another program of the same name?"
            )
            raise ManagerRefused(msg)

    def _check_process(self, client: Client, name: str) -> None:
        """Check that the process of a client may be an instance."""
        origin = client.origin
        if origin is not None and client.process is None:
            client.process = self._processes.process_of(origin, instance=name)
        is_elsewhere = origin is not None and not origin.is_local
        if self._is_by_hand(name) or (is_elsewhere and self._starts_elsewhere):
            return
        process = client.process
        if process is None or not self._processes.was_started_for(process, name):
            msg = (
                f"The manager starts instance '{name}' itself, and this program"
                f"{_describe(process)} is not the one that it started and does not know the secret"
                " of this run, so it was refused. Start the instance by hand instead, with the"
                " execution model 'manual', or set CONJOIN_SECRET_FILE."
            )
            raise ManagerRefused(msg)

    def _check_owner(self, client: Client, name: str) -> None:
        """Check that an instance that is started by hand belongs to a client."""
        if not self._is_by_hand(name):
            return
        if name not in self._owners:
            msg = f"Instance '{name}' has not registered, which it must do first."
            raise ManagerRefused(msg)
        if self._owners[name] != _owner(client):
            msg = (
                f"Instance '{name}' was registered by another program than this"
                f"{_describe(client.process)}, which cannot make requests in its name."
            )
            raise ManagerRefused(msg)


def _check_identity(client: Client, name: str) -> None:
    if client.identity != instance_identity(name):
        msg = (
            f"This program has proved to be '{client.identity}', and cannot make requests in the"
            f" name of instance '{name}'."
        )
        raise ManagerRefused(msg)


def _owner(client: Client) -> Owner:
    if client.process is not None:
        return client.process
    return "" if client.origin is None else client.origin.host


def _describe(process: Process | None) -> str:
    return "" if process is None else f" (process {process.pid})"
