"""How each instance is, and who wants to hear of it."""

from __future__ import annotations

from dataclasses import replace

from application.interfaces.clock import Clock
from application.interfaces.logbook import EventSink
from domain.coupling.messages import Wait
from domain.model.configuration import Model
from domain.running.events import InstanceState, InstanceStatus, RunEvent, StatusChanged
from domain.running.process_end import ProcessEnd


class StatusBoard:
    """Keeps the status of each instance, and tells the watchers of every change.

    Args:
        model: The model that is run.
        clock: Tells the time.
        events: Passes events on to subscribers.
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
        """Tell one more watcher of everything from now on."""
        self._sinks = [*self._sinks, sink]

    def all(self) -> list[InstanceStatus]:
        """Return the status of each instance, in the order of the model."""
        return list(self._status.values())

    def publish(self, event: RunEvent) -> None:
        """Tell the watchers of an event."""
        for sink in self._sinks:
            sink.notify(event)

    def change(self, instance: str, state: InstanceState, *, end: ProcessEnd | None = None) -> None:
        """Note that an instance has got to another state; one that has ended stays ended."""
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
        """Note that a running instance waits, or goes on."""
        old = self._status[instance]
        if old.state not in (InstanceState.RUNNING, InstanceState.WAITING):
            return
        state = InstanceState.RUNNING if waiting is None else InstanceState.WAITING
        if (old.state, old.waiting_for) != (state, waiting):
            now = self._clock.time()
            self._put(replace(old, state=state, since=now, waiting_for=waiting))

    def note_time(self, instance: str, simulated_time: float) -> None:
        """Note how far an instance is in simulated time."""
        old = self._status[instance]
        if old.simulated_time != simulated_time:
            self._put(replace(old, simulated_time=simulated_time))

    def _put(self, status: InstanceStatus) -> None:
        self._status[status.instance] = status
        self.publish(StatusChanged(status))
