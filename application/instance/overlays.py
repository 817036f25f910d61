"""The settings of one instance: the base settings, and the overlay of the current pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from domain.coupling.messages import PeerMessage
from domain.coupling.ports import PortState
from domain.coupling.settings import (
    Settings,
    SettingValue,
    checked_value,
    find_setting,
    visible_names,
)
from domain.errors import SettingMissing, UsageError
from domain.identity import Reference


class ParallelUniverseError(UsageError, RuntimeError):
    """An instance received messages with different overlays."""


class OverlayKeeper:
    """Looks up settings in the overlay of the current pass, and in the base settings below it.

    The overlay is taken from the messages that the instance receives.

    Args:
        instance: Name of the instance.
        base: Settings of the run.

    Attributes:
        overlay: The overlay of the current pass.
    """

    def __init__(self, instance: Reference, base: Settings) -> None:
        self._instance = instance
        self._base = base
        self.overlay = Settings()

    def names(self) -> list[str]:
        """Return the names of all settings that apply to the instance."""
        return visible_names(self._instance, self.overlay, self._base)

    def get(self, name: str, typ: str | None, default: Callable[[], SettingValue]) -> SettingValue:
        """Return the value of a setting.

        Args:
            name: Name of the setting.
            typ: The type that the value must have; None for any.
            default: Called if the setting is missing: returns a default, or raises an error.

        Raises:
            SettingMismatch: If the value has another type.
        """
        try:
            value = find_setting(self._instance, name, self.overlay, self._base)
        except SettingMissing:
            return default()
        return value if typ is None else checked_value(name, value, typ)

    def start_pass(self, settings_message: PeerMessage | None) -> None:
        """Replace the overlay by the settings received on `muscle_settings_in`, or by none.

        Raises:
            UsageError: If the message does not contain settings.
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
        """Adopt the first overlay of the F_INIT messages if there is none yet; check the others.

        Raises:
            ParallelUniverseError: If the overlays differ.
        """
        for port, message in messages:
            if not self.overlay and message.overlay:
                self.overlay = message.overlay.copy()
            self.check(port, message)

    def check(self, port: PortState, message: PeerMessage) -> None:
        """Check that the overlay of a message is the one of the current pass.

        Raises:
            ParallelUniverseError: If it is another one.
        """
        if message.overlay != self.overlay:
            msg = (
                f"Port '{port.name}' received a message from a parallel universe: it comes with"
                f" the settings overlay {message.overlay.as_dict()}, while this instance runs with"
                f" {self.overlay.as_dict()}. Connect members of an ensemble to each other only, or"
                " use receive_with_settings() where they come together on purpose."
            )
            raise ParallelUniverseError(msg)
