"""Decides which client may make which requests."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

from domain.running.clients import Origin, Process


@dataclass(slots=True)
class Client:
    """The client of a session.

    Attributes:
        identity: The identity that it has proved; empty if it has proved none.
        origin: Where its connection comes from; None if that does not matter.
        instance: The instance in whose name it may make requests without a proof; empty if none.
        process: Its process, if it has been found out.
    """

    identity: str = ""
    origin: Origin | None = None
    instance: str = ""
    process: Process | None = None


class Admission(Protocol):
    """Decides which client may make which requests of instances."""

    @abstractmethod
    def check_registration(self, client: Client, instance: str) -> None:
        """Check whether a client may register an instance.

        Raises:
            ManagerRefused: If not; the message says why, and what to do.
        """

    @abstractmethod
    def note_registration(self, client: Client, instance: str, *, refusal: str | None) -> None:
        """Record the result of a registration.

        Args:
            client: The client.
            instance: The instance that it tried to register.
            refusal: Why it was refused, by this admission or later; None if it was not.
        """

    @abstractmethod
    def check_request(self, client: Client, instance: str | None) -> None:
        """Check whether a client may make another request.

        Args:
            client: The client.
            instance: Instance in whose name it makes the request; None if there is none.

        Raises:
            ManagerRefused: If not; the message says why, and what to do.
        """
