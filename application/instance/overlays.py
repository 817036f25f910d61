"""The settings of one instance: the base settings, and the overlay of the current pass."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

from domain.coupling.messages import PeerMessage
from domain.coupling.ports import SETTINGS_IN, PortState
from domain.coupling.settings import (
    Settings,
    SettingValue,
    checked_value,
    find_setting,
    visible_names,
)
from domain.errors import PortError, SettingMissing, UsageError
from domain.identity import Reference


class ParallelUniverseError(UsageError, RuntimeError):
    """An instance received messages with different overlays."""


class OverlayKeeper:
    """Looks up settings in the overlay of the current pass, and in the base settings below it.

    The overlay is taken from the messages that the instance receives.

    Args:
        instance: Name of the instance.
        base: Settings of the run.
        adopts: Whether the overlay of F_INIT messages applies to the instance. If not, the model
            receives the overlays with the messages.

    Attributes:
        overlay: The overlay of the current pass.
    """

    def __init__(self, instance: Reference, base: Settings, *, adopts: bool = True) -> None:
        self._instance = instance
        self._base = base
        self._adopts = adopts
        self.overlay = Settings()
        self._implicit = Settings()

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

    def start_pass(self, initial: Iterable[tuple[PortState, PeerMessage]]) -> None:
        """Take the overlay of a pass from its F_INIT messages.

        The settings that are received on `muscle_settings_in` are explicit. They are applied on
        top of the implicit overlay: the first one that is not empty among those that came with the
        messages. All messages must agree on it.

        Args:
            initial: The F_INIT messages, and their ports.

        Raises:
            UsageError: If the message on `muscle_settings_in` does not contain settings.
            ParallelUniverseError: If the overlays of the messages differ.
        """
        self._take_overlays(list(initial), check=self.check)

    def resume_pass(self, initial: Iterable[tuple[PortState, PeerMessage]]) -> None:
        """Continue a pass from a snapshot, which has its overlay, and the F_INIT messages."""
        resumed = self.overlay
        with contextlib.suppress(UsageError):
            self._take_overlays(list(initial), check=lambda _port, _message: None)
        self.overlay = resumed

    def check_with_settings(self, port: PortState) -> None:
        """Check that the model may receive the overlay of an F_INIT message.

        Raises:
            PortError: If it has been applied.
        """
        if self._adopts:
            msg = (
                f"receive_with_settings() was called on F_INIT port '{port.name}', whose overlay"
                " has been applied already. Pass the flag InstanceFlags.DONT_APPLY_OVERLAY when"
                " making the Instance."
            )
            raise PortError(msg)

    def check(self, port: PortState, message: PeerMessage) -> None:
        """Check that the overlay of a message is the one of the current pass.

        Raises:
            ParallelUniverseError: If it is another one.
        """
        if not self._fits(message.overlay):
            msg = (
                f"Port '{port.name}' received a message from a parallel universe: it has"
                f" settings overlay {message.overlay.as_dict()}, but this instance has overlay"
                f" {self.overlay.as_dict()}. Connect only instances of the same member of an"
                " ensemble, or call receive_with_settings() to receive from several members."
            )
            raise ParallelUniverseError(msg)

    def _take_overlays(
        self,
        messages: list[tuple[PortState, PeerMessage]],
        *,
        check: Callable[[PortState, PeerMessage], None],
    ) -> None:
        explicit, self._implicit = Settings(), Settings()
        others = []
        for port, message in messages:
            if port.name == SETTINGS_IN:
                explicit, self._implicit = _received_settings(message), message.overlay.copy()
            else:
                others.append((port, message))
        self.overlay = self._implicit.updated_with(explicit)
        for port, message in others if self._adopts else ():
            if not self._implicit and message.overlay and message.overlay != self.overlay:
                self._implicit = message.overlay.copy()
                self.overlay = self._implicit.updated_with(explicit)
            check(port, message)

    def _fits(self, overlay: Settings) -> bool:
        """Whether a message with an overlay belongs to this pass.

        Its sender may have received the explicit settings of this instance, or not.
        """
        return overlay == self.overlay or overlay == self._implicit


def _received_settings(message: PeerMessage) -> Settings:
    if not isinstance(message.data, Settings):
        msg = (
            f"Port '{SETTINGS_IN}' received data of type {type(message.data).__name__}: the"
            " component that is connected to it must send Settings."
        )
        raise UsageError(msg)
    return message.data
