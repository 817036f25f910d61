"""The life of one instance, as a table of states and transitions.

If an agent starts the process of an instance, it also reports how the process ended, and that alone
decides how the instance's life ends. If the user starts an instance by hand, the manager does not
see its process. Then its life ends when it deregisters, reports a failure, or is gone for good.

An instance is LEAVING when its process is about to end: it has deregistered, has reported a
failure, or has lost its connection, most likely because it crashed. It may be the cause of a
failure that another instance reported first, so it gets some more time to end by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from domain.coupling.messages import Wait
from domain.running.events import InstanceState
from domain.running.failure_kinds import FailureKind
from domain.running.process_end import ProcessEnd
from domain.running.run_state.instructions import ShowInstance


class Life(Enum):
    """States of an instance."""

    WAITING_TO_START = "waiting to start"
    STARTED = "started"
    RUNNING = "running"
    WAITING = "waiting"
    DISCONNECTED = "disconnected"
    LEAVING = "leaving"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"


class Step(Enum):
    """Steps that take an instance from one state to another."""

    START = "an agent starts its process"
    REGISTER = "it registers"
    WAIT = "it begins to wait for a message"
    GO_ON = "it waits no longer"
    DISCONNECT = "started by hand, it loses its connection"
    RETURN = "started by hand, it is connected again, or its program was found to run"
    LEAVE = "started by an agent, it is about to end"
    STAY = "started by an agent, it is connected again"
    FINISH = "it ends well"
    FAIL = "it fails"
    STOP = "it ends because the run is being stopped"


_RECEIVING: Final = (Life.RUNNING, Life.WAITING, Life.LEAVING)
_ENDS: Final = {Step.FINISH: Life.FINISHED, Step.FAIL: Life.FAILED, Step.STOP: Life.STOPPED}

TRANSITIONS: Final[Mapping[Life, Mapping[Step, Life]]] = {
    Life.WAITING_TO_START: {
        Step.START: Life.STARTED,
        Step.REGISTER: Life.RUNNING,
        **_ENDS,
    },
    Life.STARTED: {
        Step.REGISTER: Life.RUNNING,
        **_ENDS,
    },
    Life.RUNNING: {
        Step.REGISTER: Life.RUNNING,
        Step.WAIT: Life.WAITING,
        Step.DISCONNECT: Life.DISCONNECTED,
        Step.LEAVE: Life.LEAVING,
        **_ENDS,
    },
    Life.WAITING: {
        Step.REGISTER: Life.RUNNING,
        Step.WAIT: Life.WAITING,
        Step.GO_ON: Life.RUNNING,
        Step.DISCONNECT: Life.DISCONNECTED,
        Step.LEAVE: Life.LEAVING,
        **_ENDS,
    },
    Life.DISCONNECTED: {
        Step.REGISTER: Life.RUNNING,
        Step.RETURN: Life.RUNNING,
        **_ENDS,
    },
    Life.LEAVING: {
        Step.REGISTER: Life.RUNNING,
        Step.WAIT: Life.LEAVING,
        Step.GO_ON: Life.LEAVING,
        Step.STAY: Life.RUNNING,
        **_ENDS,
    },
    Life.FINISHED: {
        # an instance started by the user may register again, and fail after that
        Step.FAIL: Life.FAILED,
        Step.STOP: Life.STOPPED,
    },
    Life.FAILED: {},
    Life.STOPPED: {},
}
"""The state after a step. A step that is missing changes nothing."""


class Report(NamedTuple):
    """A failure that an instance has reported.

    Attributes:
        problem: The error, for the user.
        kind: What kind of failure it is; None if the instance did not report it.
    """

    problem: str
    kind: FailureKind | None


@dataclass(slots=True)
class InstanceLife:
    """An instance, and what has happened to it.

    Attributes:
        name: Its name.
        life: Where it is in its life.
        is_by_hand: Whether the user starts it, rather than an agent.
        has_process: Whether an agent starts its process, and its end has yet to be judged.
        is_own: Whether it uses Conjoin's library, once it has registered.
        has_registered: Whether it has ever registered.
        has_deregistered: Whether it has deregistered since it last registered.
        is_given_up: Whether it was started by hand, and is gone for good.
        wait: What it waits to receive; kept while it is disconnected.
        report: The failure that it has reported since it last registered.
        end: How its process ended.
    """

    name: str
    life: Life = Life.WAITING_TO_START
    is_by_hand: bool = True
    has_process: bool = False
    is_own: bool = False
    has_registered: bool = False
    has_deregistered: bool = False
    is_given_up: bool = False
    wait: Wait | None = None
    report: Report | None = None
    end: ProcessEnd | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether the user starts it, or has started it, and it is not done."""
        return self.is_by_hand and not (self.has_deregistered or self.is_given_up)

    @property
    def is_registered(self) -> bool:
        """Whether it has registered, and not deregistered since."""
        return self.has_registered and not self.has_deregistered

    @property
    def is_leaving(self) -> bool:
        """Whether its process still runs, and is about to end."""
        return self.has_process and self.life is Life.LEAVING

    def take(self, *steps: Step) -> Iterator[ShowInstance]:
        """Take steps, and show the last state; ignore steps that the table does not have."""
        has_changed = False
        for step in steps:
            after = TRANSITIONS[self.life].get(step)
            if after is not None:
                self.life = after
                has_changed = True
        if has_changed:
            yield self._shown()

    def register(self, *, is_own: bool) -> Iterator[ShowInstance]:
        """Record that it has registered, for the first time or again."""
        self.is_own = is_own
        self.has_registered = True
        self.has_deregistered = False
        self.report = None
        self.wait = None
        yield from self.take(Step.REGISTER)

    def change_wait(self, wait: Wait | None) -> Iterator[ShowInstance]:
        """Record what it waits for."""
        if self.life in _RECEIVING:
            self.wait = wait
            yield from self.take(Step.GO_ON if wait is None else Step.WAIT)

    def resume(self, step: Step) -> Iterator[ShowInstance]:
        """Continue in the state that it was in before it lost its connection."""
        if step in TRANSITIONS[self.life]:
            yield from self.take(step, *([] if self.wait is None else [Step.WAIT]))

    def _shown(self) -> ShowInstance:
        is_waiting = self.life in (Life.WAITING, Life.LEAVING) and self.wait is not None
        if self.life is Life.LEAVING:
            # the user sees the state that it was in before
            state = InstanceState.WAITING if is_waiting else InstanceState.RUNNING
        else:
            state = InstanceState(self.life.value)
        return ShowInstance(self.name, state, self.wait if is_waiting else None, self.end)
