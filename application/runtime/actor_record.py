"""The record of an actor that this process calls."""

from __future__ import annotations

from dataclasses import dataclass

from application.runtime.task import Task
from domain.runtime.handles import ActorHandle
from domain.runtime.options import CreationOptions, RetryOn


@dataclass(eq=False)
class ActorRecord:
    """An actor, as its callers in this process see it.

    Attributes:
        uid: Its uid.
        type_name: The name of its class.
        creator: Uid of the member that created it.
        home: Uid of the worker that it is on; empty until placement has chosen one.
        creation: The task that creates it; None in processes that did not create it.
        max_retries: How often its calls may run again, by default.
        retry_on: Types of errors after which they do.
        lane: Names the sequence of calls that this process sends to it.
        numbers: How many calls have been sent in that sequence.
        restarts: How often it can still be created again; in other processes than the creator's,
            above 0 if it can.
        name: The name by which any process finds it; empty if it has none.
        exists: Whether it has been created, and this process follows it to other workers.
        delay: Seconds to wait after it was created again, before its calls run again.
    """

    uid: str
    type_name: str
    creator: str
    lane: str
    home: str = ""
    creation: Task | None = None
    max_retries: int = 0
    retry_on: RetryOn | None = None
    numbers: int = 0
    restarts: int = 0
    name: str = ""
    exists: bool = False
    delay: float = 0.0

    @property
    def handle(self) -> ActorHandle:
        """Replaces a proxy in a message."""
        return ActorHandle(self.uid, self.type_name, self.home, self.creator, self.restarts > 0)

    def next_number(self) -> int:
        """Return the number of the next call."""
        self.numbers += 1
        return self.numbers - 1

    def choose(self, options: CreationOptions, home: str) -> None:
        """Take over what the creator chose."""
        self.home = home
        self.max_retries = options.max_retries or 0
        self.retry_on = options.retry_on
        self.restarts = options.max_restarts or 0
        self.name = options.name or ""

    def move(self, home: str, lane: str) -> None:
        """Record that it lives on another worker, where its calls are numbered from 0 again."""
        self.home = home
        self.lane = lane
        self.numbers = 0
