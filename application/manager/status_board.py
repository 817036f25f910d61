"""Holds the status of each instance, and publishes its changes."""

from __future__ import annotations

from dataclasses import replace

from application.interfaces.clock import Clock
from application.interfaces.logbook import EventSink
from domain.coupling.messages import Wait
from domain.model.configuration import Model
from domain.running.events import InstanceState, InstanceStatus, RunEvent, StatusChanged
from domain.running.process_end import ProcessEnd


class StatusBoard:
    """Holds the status of each instance, and publishes every change as an event.

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

    def publish(self, event: RunEvent) -> None:
        """Notify the subscribers of an event."""
        for sink in self._sinks:
            sink.notify(event)

    def change(self, instance: str, state: InstanceState, *, end: ProcessEnd | None = None) -> None:
        """Set the state of an instance, unless that would revive one that has ended."""
        old = self._status[instance]
        final = (InstanceState.FAILED, InstanceState.STOPPED)
        if old.state in final or (
            old.state is InstanceState.FINISHED and state not in (*final, InstanceState.FINISHED)
        ):
            state = old.state
        since = old.since if old.state is state else self._clock.time()
        end = old.end if end is None else end
        self._put(replace(old, state=state, since=since, waiting_for=None, end=end))

    def note_wait(self, instance: str, waiting: Wait | None) -> None:
        """Record what a running instance waits for; None if it does not wait."""
        old = self._status[instance]
        if old.state not in (InstanceState.RUNNING, InstanceState.WAITING):
            return
        state = InstanceState.RUNNING if waiting is None else InstanceState.WAITING
        if (old.state, old.waiting_for) != (state, waiting):
            now = self._clock.time()
            self._put(replace(old, state=state, since=now, waiting_for=waiting))

    def note_time(self, instance: str, simulated_time: float) -> None:
        """Record the simulation time of an instance."""
        old = self._status[instance]
        if old.simulated_time != simulated_time:
            self._put(replace(old, simulated_time=simulated_time))

    def _put(self, status: InstanceStatus) -> None:
        self._status[status.instance] = status
        self.publish(StatusChanged(status))
