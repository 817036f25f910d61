"""An event sink that records events."""

from __future__ import annotations

from typing import final

from typing_extensions import override

from application.interfaces.logbook import EventSink
from domain.running.events import RunEvent


@final
class RecordingEventSink(EventSink):
    """Records every event.

    Attributes:
        events: The recorded events, in order.
    """

    def __init__(self) -> None:
        self.events: list[RunEvent] = []

    @override
    def notify(self, event: RunEvent) -> None:
        self.events.append(event)
