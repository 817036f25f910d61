"""The settings of one instance: the base settings, and the overlay of the current pass."""

from __future__ import annotations

from collections.abc import Iterable

from domain.coupling.messages import PeerMessage
from domain.coupling.ports import PortState
from domain.coupling.settings import Settings
from domain.errors import UsageError


class ParallelUniverseError(UsageError, RuntimeError):
    """Messages with different overlays met in one instance."""


class OverlayKeeper:
    """Keeps the overlay that the received messages brought along.

    Args:
        base: Settings of the run.
    """

    def __init__(self, base: Settings) -> None:
        self.base = base
        self.overlay = Settings()

    def start_pass(self, settings_message: PeerMessage | None) -> None:
        """Begin with the settings received on `muscle_settings_in`, or with none.

        Raises:
            UsageError: If something other than settings was received there.
        """
        if settings_message is None:
            self.overlay = Settings()
            return
        data = settings_message.data
        if not isinstance(data, Settings):
            msg = (
                "Port 'muscle_settings_in' received data of type"
                f" {type(data).__name__}: the component that is connected to it must send Settings."
            )
            raise UsageError(msg)
        self.overlay = settings_message.overlay.updated_with(data)

    def adopt(self, messages: Iterable[tuple[PortState, PeerMessage]]) -> None:
        """Adopt the first overlay among F_INIT messages if there is none yet, and check the rest.

        Raises:
            ParallelUniverseError: If they do not fit together.
        """
        for port, message in messages:
            if not self.overlay and message.overlay:
                self.overlay = message.overlay.copy()
            self.check(port, message)

    def check(self, port: PortState, message: PeerMessage) -> None:
        """Check that a message comes from the same universe as the others of this pass.

        Raises:
            ParallelUniverseError: If its overlay is another.
        """
        if message.overlay != self.overlay:
            msg = (
                f"Port '{port.name}' received a message from a parallel universe: it comes with"
                f" the settings overlay {message.overlay.as_dict()}, while this instance runs with"
                f" {self.overlay.as_dict()}. Connect members of an ensemble to each other only, or"
                " use receive_with_settings() where they come together on purpose."
            )
            raise ParallelUniverseError(msg)
