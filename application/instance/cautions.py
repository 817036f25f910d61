"""Warnings about probable mistakes of a model, each given once."""

from __future__ import annotations

from collections.abc import Collection

from application.interfaces.instance_log import InstanceLog
from domain.coupling.messages import Message
from domain.coupling.ports import PortSlot, port_label
from domain.coupling.settings import Settings, names_to_try
from domain.identity import Reference
from domain.running.log_levels import LogLevel


class Cautions:
    """Notes what a model does, and warns once about each kind of mistake on each port.

    Args:
        instance: Name of the instance.
        has_settings_port: Whether `muscle_settings_in` is connected.
        log: Receives the warnings.
    """

    def __init__(self, instance: Reference, *, has_settings_port: bool, log: InstanceLog) -> None:
        self._instance = instance
        self._has_settings_port = has_settings_port
        self._log = log
        self._given: set[tuple[str, str]] = set()
        self._last_sent: dict[PortSlot, tuple[float, float | None]] = {}
        self._early_settings: dict[str, tuple[str, ...]] = {}

    def note_early_setting(self, name: str) -> None:
        """Record that the model gets a setting before the reuse loop."""
        self._early_settings[name] = names_to_try(self._instance, name)
        if self._has_settings_port:
            self._warn_about_early_setting(name)

    def start_pass(self, overlay: Settings) -> None:
        """Record that a pass of the reuse loop begins, with the overlay that applies to it."""
        self._last_sent.clear()
        if overlay and self._early_settings:
            for name, tried in self._early_settings.items():
                if any(item in overlay for item in tried):
                    self._warn_about_early_setting(name)

    def note_sent(self, port: str, slot: int | None, message: Message) -> None:
        """Record a message that is sent on an O_I port."""
        last = self._last_sent.get((port, slot))
        if last is not None:
            time, announced = last
            if message.timestamp < time:
                self._warn(
                    "time",
                    port,
                    f"A message for time {message.timestamp:g} is sent on port"
                    f" '{port_label(port, slot)}' after one for time {time:g}. Send messages in"
                    " the order of their timestamps.",
                )
            if announced is None:
                self._warn(
                    "last",
                    port,
                    f"Another message is sent on port '{port_label(port, slot)}' after the one for"
                    f" time {time:g}, whose next_timestamp was None: that means that none follows."
                    " Pass the time of the next message, and None only with the last.",
                )
        self._last_sent[port, slot] = (message.timestamp, message.next_timestamp)

    def note_not_received(self, ports: Collection[str]) -> None:
        """Record the F_INIT ports on which the model has not received in a pass."""
        for port in ports:
            self._warn(
                "init",
                port,
                f"The model did not receive the message on F_INIT port '{port}' in a pass of the"
                " reuse loop, so it was dropped. Call receive() in each pass.",
            )

    def _warn_about_early_setting(self, name: str) -> None:
        self._warn(
            "setting",
            name,
            f"Setting '{name}' is read before the reuse loop, where no overlay applies. Call"
            f" get_setting('{name}') inside the loop, since the settings can differ from pass to"
            " pass.",
        )

    def _warn(self, kind: str, subject: str, text: str) -> None:
        if (kind, subject) not in self._given:
            self._given.add((kind, subject))
            self._log.log(LogLevel.WARNING, text)
