"""A profile that is kept in lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from typing_extensions import override

from application.interfaces.profile_store import MeteredProfileStore
from domain.identity import Reference
from domain.placement.resources import Resources
from domain.running.profiling import DropReason, ProfileEvent


@final
class InMemoryProfileStore(MeteredProfileStore):
    """Records everything.

    Attributes:
        instances: All instances, in the order in which they were added.
        assigned: The resources assigned to each instance.
        events: The events of each instance.
        dropped: How many events of each instance are missing, by reason.
        queued: What `backlog` returns.
        lost: What `problem` returns.
        closed: Whether `close` was called.
    """

    def __init__(self) -> None:
        self.instances: list[Reference] = []
        self.assigned: dict[Reference, Resources] = {}
        self.events: dict[Reference, list[ProfileEvent]] = {}
        self.dropped: dict[tuple[Reference, DropReason], int] = {}
        self.queued = 0
        self.lost = ""
        self.closed = False

    @override
    def add_instances(self, instances: Sequence[Reference]) -> None:
        for instance in instances:
            if instance not in self.events:
                self.instances.append(instance)
                self.events[instance] = []

    @override
    def add_resources(self, assigned: Mapping[Reference, Resources]) -> None:
        self.assigned.update(assigned)

    @override
    def add_events(self, instance: Reference, events: Sequence[ProfileEvent]) -> None:
        self.events[instance].extend(events)

    @property
    @override
    def backlog(self) -> int:
        return self.queued

    @property
    @override
    def problem(self) -> str:
        return self.lost

    @override
    def add_dropped(self, instance: Reference, reason: DropReason, count: int) -> None:
        self.dropped[instance, reason] = self.dropped.get((instance, reason), 0) + count

    @override
    def close(self) -> None:
        self.closed = True
