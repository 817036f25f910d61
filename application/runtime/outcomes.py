"""How a task ended."""

from __future__ import annotations

from dataclasses import dataclass

from domain.runtime.payloads import EngineValue, Payload
from domain.runtime.task_states import TaskState


@dataclass(frozen=True, slots=True)
class Inline:
    """A small result, which came with the reply."""

    payload: Payload

    @property
    def size(self) -> int:
        """Its number of bytes."""
        return self.payload.size


@dataclass(frozen=True, slots=True)
class Stored:
    """A large result, which stays in the store until it is requested."""

    value: EngineValue

    @property
    def size(self) -> int:
        """Its number of bytes."""
        return self.value.size


@dataclass(frozen=True, slots=True)
class Failed:
    """An error.

    Attributes:
        error: The exception that the await raises.
        state: FAILED, or CANCELLED.
    """

    error: BaseException
    state: TaskState = TaskState.FAILED


Content = Inline | Stored
Outcome = Inline | Stored | Failed


def final_state(outcome: Outcome) -> TaskState:
    """Return the state of a task that ended so."""
    return outcome.state if isinstance(outcome, Failed) else TaskState.DONE
