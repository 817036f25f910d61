"""The order in which calls of the checkpointing API are allowed.

A model that uses the API goes through these phases in each pass of the reuse loop::

    REUSE ─reuse_instance─> RESUMING ─resuming─┬─ yes ─> LOAD ─load_snapshot─> INIT
                                               └─ no ──> INIT
    INIT ─should_init─> LOOP ─should_save_snapshot─┬─ yes ─> SAVE ─save_snapshot─> LOOP
      ▲                  │                         └─ no ──> LOOP
      │                  └─should_save_final_snapshot─┬─ yes ─> SAVE_FINAL ─save_final_snapshot─┐
    REUSE <───────────────────────────────────────────┴─ no ───────────────────────────────────┘

A model that does not use the API calls only `reuse_instance`. It may also call `should_init` and
`resuming`, which then have no effect. Each phase except LOOP allows a single call. The error for
any other call names the calls that have to come first.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from domain.errors import CallOrderError


class Phase(Enum):
    """The phases of a model, by its next action."""

    REUSE = auto()
    RESUMING = auto()
    LOAD = auto()
    INIT = auto()
    LOOP = auto()
    SAVE = auto()
    SAVE_FINAL = auto()


class Call(Enum):
    """A call of the API whose order matters; the value is its name."""

    REUSE_INSTANCE = "reuse_instance"
    RESUMING = "resuming"
    LOAD_SNAPSHOT = "load_snapshot"
    SHOULD_INIT = "should_init"
    SHOULD_SAVE_SNAPSHOT = "should_save_snapshot"
    SAVE_SNAPSHOT = "save_snapshot"
    SHOULD_SAVE_FINAL_SNAPSHOT = "should_save_final_snapshot"
    SAVE_FINAL_SNAPSHOT = "save_final_snapshot"


ALLOWED: dict[Phase, tuple[Call, ...]] = {
    Phase.REUSE: (Call.REUSE_INSTANCE,),
    Phase.RESUMING: (Call.RESUMING,),
    Phase.LOAD: (Call.LOAD_SNAPSHOT,),
    Phase.INIT: (Call.SHOULD_INIT,),
    Phase.LOOP: (Call.SHOULD_SAVE_SNAPSHOT, Call.SHOULD_SAVE_FINAL_SNAPSHOT),
    Phase.SAVE: (Call.SAVE_SNAPSHOT,),
    Phase.SAVE_FINAL: (Call.SAVE_FINAL_SNAPSHOT,),
}

NEXT: dict[tuple[Call, bool], Phase] = {
    (Call.REUSE_INSTANCE, True): Phase.RESUMING,
    (Call.REUSE_INSTANCE, False): Phase.REUSE,
    (Call.RESUMING, True): Phase.LOAD,
    (Call.RESUMING, False): Phase.INIT,
    (Call.LOAD_SNAPSHOT, True): Phase.INIT,
    (Call.SHOULD_INIT, True): Phase.LOOP,
    (Call.SHOULD_INIT, False): Phase.LOOP,
    (Call.SHOULD_SAVE_SNAPSHOT, True): Phase.SAVE,
    (Call.SHOULD_SAVE_SNAPSHOT, False): Phase.LOOP,
    (Call.SAVE_SNAPSHOT, True): Phase.LOOP,
    (Call.SHOULD_SAVE_FINAL_SNAPSHOT, True): Phase.SAVE_FINAL,
    (Call.SHOULD_SAVE_FINAL_SNAPSHOT, False): Phase.REUSE,
    (Call.SAVE_FINAL_SNAPSHOT, True): Phase.REUSE,
}
"""The next phase, by the call and its return value (True for a call that returns nothing)."""

_WITHOUT_API = (Call.REUSE_INSTANCE, Call.RESUMING, Call.SHOULD_INIT)


class CallOrder:
    """Checks the order of calls.

    Args:
        uses_checkpoint_api: Whether the model declares that it saves and loads its state.
    """

    def __init__(self, *, uses_checkpoint_api: bool) -> None:
        self._uses_api = uses_checkpoint_api
        self.phase = Phase.REUSE

    def check(self, call: Call) -> None:
        """Check that a call is allowed now.

        Raises:
            CallOrderError: If it is not; the message names the missing calls.
        """
        if not self._uses_api:
            if call not in _WITHOUT_API:
                msg = (
                    f"{call.value}() was called, but the instance does not use the checkpointing"
                    " API. Pass the flag InstanceFlags.USES_CHECKPOINT_API when making the"
                    " Instance."
                )
                raise CallOrderError(msg)
        elif call not in ALLOWED[self.phase]:
            missing = _describe_calls(_missing_calls(self.phase, call), call)
            msg = f"{call.value}() was called, but {missing}."
            raise CallOrderError(msg)

    def note(self, call: Call, *, answer: bool = True) -> None:
        """Record a call and its return value."""
        if self._uses_api:
            self.phase = NEXT[call, answer]


def _missing_calls(phase: Phase, call: Call) -> tuple[Call, ...]:
    """Return the fewest calls that lead from a phase to one that allows a call."""
    pending: deque[tuple[Phase, tuple[Call, ...]]] = deque([(phase, ())])
    while call not in ALLOWED[pending[0][0]]:
        reached, way = pending.popleft()
        pending += [
            (following, (*way, step))
            for (step, _), following in NEXT.items()
            if step in ALLOWED[reached]
        ]
    return pending[0][1]


def _describe_calls(missing: tuple[Call, ...], call: Call) -> str:
    *others, last = (f"{step.value}()" for step in missing)
    text = f"{', '.join(others)} and {last}" if others else last
    text += " must be called first"
    if others:
        text += ", in this order"
    unhelpful = NEXT.get((missing[-1], False))
    if unhelpful is not None and call not in ALLOWED[unhelpful]:
        text += f", and {last} must return True" if others else " and return True"
    return text
