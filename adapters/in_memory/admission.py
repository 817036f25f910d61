"""An admission that believes every client that has proved nothing."""

from __future__ import annotations

from typing import final

from application.interfaces.admission import Admission, Client
from domain.errors import ManagerRefused
from domain.running.clients import instance_identity


@final
class InMemoryAdmission(Admission):
    """Admits a client that has proved nothing to any instance, one per client.

    A client that has proved an identity is admitted in that name only.
    """

    def __init__(self) -> None:
        self._proven: set[str] = set()

    def check_registration(self, client: Client, instance: str) -> None:
        self._check(client, instance)

    def note_registration(self, client: Client, instance: str, *, refusal: str | None) -> None:
        if refusal is None:
            client.instance = instance
            if client.identity:
                self._proven.add(instance)

    def check_request(self, client: Client, instance: str | None) -> None:
        if instance is not None:
            self._check(client, instance)
        elif not (client.instance or client.identity):
            msg = "This program must register an instance before it makes other requests."
            raise ManagerRefused(msg)

    def _check(self, client: Client, instance: str) -> None:
        is_another = client.instance not in ("", instance) or instance in self._proven
        if client.identity:
            is_another = client.identity != instance_identity(instance)
        if is_another:
            msg = f"This program cannot make requests in the name of '{instance}'."
            raise ManagerRefused(msg)
