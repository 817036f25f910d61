"""Holds the status of each instance, and publishes its changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from application.interfaces.clock import Clock
from application.interfaces.logbook import EventSink
from domain.coupling.messages import Wait
from domain.model.configuration import Model
from domain.running.events import (
    InstanceStarted,
    InstanceState,
    InstanceStatus,
    RunEvent,
    StatusChanged,
)
from domain.running.process_end import ProcessEnd

Event = TypeVar("Event", bound=RunEvent)


class StatusBoard:
    """Holds the status of each instance, and notifies subscribers of every change.

    Args:
        model: The model of the run.
        clock: Provides the time of each change.
        events: The first subscriber.
    """

    def __init__(
        self,
        model: Model,
        *,
        clock: Clock,
        events: EventSink,
    ) -> None:
        self._clock = clock
        self._sinks = [events]
        now = clock.time()
        self._status = {
            str(name): InstanceStatus(str(name), InstanceState.WAITING_TO_START, now)
            for name in model.instances()
        }

    def __getitem__(self, instance: str) -> InstanceStatus:
        return self._status[instance]

    def watch(self, sink: EventSink) -> None:
        """Add a subscriber to all further events."""
        self._sinks = [*self._sinks, sink]

    def all(self) -> list[InstanceStatus]:
        """Return the status of each instance, in the order of the model."""
        return list(self._status.values())

    def timed(self, event: Event) -> Event:
        """Return an event with the current time, unless it has one."""
        return event if event.time else replace(event, time=self._clock.time())

    def publish(self, event: RunEvent) -> None:
        """Notify the subscribers of an event."""
        event = self.timed(event)
        if isinstance(event, InstanceStarted):
            status = self._status[event.instance]
            self._status[event.instance] = replace(status, node=event.node)
        for sink in self._sinks:
            sink.notify(event)

    def show(
        self,
        instance: str,
        state: InstanceState,
        *,
        waiting_for: Wait | None = None,
        end: ProcessEnd | None = None,
    ) -> None:
        """Set the state of an instance.

        Args:
            instance: Its name.
            state: Its new state.
            waiting_for: The message that it waits for; None if it does not wait.
            end: How its process ended; None if it has not.
        """
        old = self._status[instance]
        is_same = (old.state, old.waiting_for) == (state, waiting_for)
        since = old.since if is_same else self._clock.time()
        new = replace(old, state=state, since=since, waiting_for=waiting_for, end=end)
        if new != old:
            self._put(new)

    def note_time(self, instance: str, simulated_time: float) -> None:
        """Set the simulation time of an instance."""
        old = self._status[instance]
        if old.simulated_time != simulated_time:
            self._put(replace(old, simulated_time=simulated_time))

    def show_stall(self, instance: str, stall: str) -> None:
        """Set how an instance hangs, in a word; empty if it does not."""
        old = self._status[instance]
        if old.stall != stall:
            self._put(replace(old, stall=stall))

    def _put(self, status: InstanceStatus) -> None:
        self._status[status.instance] = status
        self.publish(StatusChanged(status))
