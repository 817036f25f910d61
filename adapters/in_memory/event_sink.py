"""Somebody who remembers all they saw of a run."""

from __future__ import annotations

from typing import final

from typing_extensions import override

from application.interfaces.logbook import EventSink
from domain.running.events import RunEvent


@final
class RecordingEventSink(EventSink):
    """Keeps every event.

    Attributes:
        events: What happened, in order.
    """

    def __init__(self) -> None:
        self.events: list[RunEvent] = []

    @override
    def notify(self, event: RunEvent) -> None:
        self.events.append(event)
