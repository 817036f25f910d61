"""Implements the calls of the checkpoint API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from application.instance.checkpoints.snapshot_manager import SnapshotManager
from application.instance.checkpoints.triggers import CheckpointTriggers
from application.instance.communicator import Communicator
from application.instance.overlays import OverlayKeeper
from application.instance.receiver import Receiver
from domain.coupling.call_order import Call, CallOrder
from domain.coupling.flags import InstanceFlags
from domain.coupling.messages import Message
from domain.coupling.ports import SETTINGS_IN
from domain.errors import UsageError
from domain.model.checkpoint_rules import CheckpointInfo

IMPLICIT_FLAGS: Final = (
    InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE | InstanceFlags.STATE_NOT_REQUIRED_FOR_NEXT_USE
)


def check_supports_checkpoints(instance: str, flags: InstanceFlags, info: CheckpointInfo) -> None:
    """Check that an instance can take part in a run with checkpoints.

    Raises:
        UsageError: If it neither saves its state nor declares that it needs none.
    """
    if flags & (InstanceFlags.USES_CHECKPOINT_API | IMPLICIT_FLAGS):
        return
    if info.checkpoints or info.on_request:
        otherwise = (
            "remove 'checkpoints:' from the yMMSL file"
            if info.checkpoints
            else "leave out --checkpoint-on-term"
        )
        msg = (
            f"This run makes checkpoints, but instance '{instance}' does not support them. Pass one"
            " of the flags USES_CHECKPOINT_API, KEEPS_NO_STATE_FOR_NEXT_USE and"
            f" STATE_NOT_REQUIRED_FOR_NEXT_USE when creating the Instance, or {otherwise}."
        )
        raise UsageError(msg)


class CheckpointCalls:
    """Handles the model's checkpoint calls, and enforces their order.

    Args:
        calls: Enforces the order.
        triggers: Decides when a snapshot is due.
        snapshots: Saves and loads snapshots.
        overlays: Holds the current settings overlay.
        receiver: Holds the messages of the next pass.
        communicator: Sends, with each message, the time up to which our snapshots cover the
            wall-clock rules.
        receive_ahead: Receives the messages of the next pass; returns whether there is one.
        flags: The flags that the model passes.
        is_called: Whether other instances call this one repeatedly.
    """

    def __init__(
        self,
        *,
        calls: CallOrder,
        triggers: CheckpointTriggers,
        snapshots: SnapshotManager,
        overlays: OverlayKeeper,
        receiver: Receiver,
        communicator: Communicator,
        receive_ahead: Callable[[], bool],
        flags: InstanceFlags,
        is_called: bool,
    ) -> None:
        self._calls = calls
        self._triggers = triggers
        self._snapshots = snapshots
        self._overlays = overlays
        self._receiver = receiver
        self._communicator = communicator
        self._receive_ahead = receive_ahead
        self._saves_implicitly = bool(
            flags & IMPLICIT_FLAGS and InstanceFlags.USES_CHECKPOINT_API not in flags
        )
        self._is_called = is_called
        self._is_first_pass = True
        communicator.saved_until = triggers.saved_until
        self._due: tuple[str, ...] = ()

    @property
    def has_to_save_implicitly(self) -> bool:
        """Whether implicit snapshots are made, between the passes of the reuse loop."""
        return self._saves_implicitly and self._triggers.may_save

    def resuming(self) -> bool:
        """Return whether the model must load a snapshot now."""
        self._calls.check(Call.RESUMING)
        answer = self._is_first_pass and self._snapshots.resumed is not None
        self._calls.note(Call.RESUMING, answer=answer)
        return answer

    def load_snapshot(self) -> Message:
        """Return the state that the model saved."""
        self._calls.check(Call.LOAD_SNAPSHOT)
        message = self._snapshots.load_snapshot()
        self._calls.note(Call.LOAD_SNAPSHOT)
        return message

    def should_init(self) -> bool:
        """Return whether the model must initialise its state."""
        self._calls.check(Call.SHOULD_INIT)
        answer = not (self._is_first_pass and self._snapshots.resuming_from_intermediate())
        self._calls.note(Call.SHOULD_INIT)
        return answer

    def should_save_snapshot(self, timestamp: float) -> bool:
        """Return whether the model must save its state now."""
        self._calls.check(Call.SHOULD_SAVE_SNAPSHOT)
        self._decide(self._triggers.triggers(timestamp))
        self._calls.note(Call.SHOULD_SAVE_SNAPSHOT, answer=bool(self._due))
        return bool(self._due)

    def accept_state(self, message: Message) -> None:
        """Handle `save_snapshot`: store the state of the model within a pass."""
        self._calls.check(Call.SAVE_SNAPSHOT)
        self._save(message, final=False, next_time=None)
        self._calls.note(Call.SAVE_SNAPSHOT)

    def should_save_final_snapshot(self) -> bool:
        """Return whether the model must save its state at the end of the pass."""
        self._calls.check(Call.SHOULD_SAVE_FINAL_SNAPSHOT)
        self._note_end_of_pass()
        self._decide_at_end(goes_on=self._receive_ahead())
        self._calls.note(Call.SHOULD_SAVE_FINAL_SNAPSHOT, answer=bool(self._due))
        return bool(self._due)

    def accept_final_state(self, message: Message) -> None:
        """Handle `save_final_snapshot`: store the state of the model at the end of a pass."""
        self._calls.check(Call.SAVE_FINAL_SNAPSHOT)
        self._save(message, final=True, next_time=self._next_time())
        self._calls.note(Call.SAVE_FINAL_SNAPSHOT)

    def before_receiving_ahead(self) -> None:
        """Capture the state at the end of a pass, if an implicit snapshot may have to be made."""
        if self.has_to_save_implicitly:
            self._note_end_of_pass()

    def after_receiving_ahead(self, *, goes_on: bool) -> None:
        """Make an implicit snapshot, if one is due."""
        if self.has_to_save_implicitly:
            self._decide_at_end(goes_on=goes_on)
            if self._due:
                self._save(None, final=True, next_time=self._next_time())

    def note_pass_begun(self, *, is_first: bool) -> None:
        """Record that a pass of the reuse loop starts."""
        self._is_first_pass = is_first

    def _note_end_of_pass(self) -> None:
        self._snapshots.note_end_of_pass()
        self._triggers.note_end_of_pass()

    def _decide(self, due: tuple[str, ...]) -> None:
        self._due = due
        self._communicator.saved_until = self._triggers.saved_until

    def _decide_at_end(self, *, goes_on: bool) -> None:
        self._decide(
            self._triggers.final_triggers(
                self._next_time(), goes_on=goes_on, called_at=self._called_at()
            )
        )

    def _called_at(self) -> float | None:
        """Return the time up to which our callers' snapshots cover the wall-clock rules.

        Return None unless all of them report it.
        """
        reported = [message.saved_until for message in self._receiver.calls()]
        known = [time for time in reported if time is not None]
        is_known = self._is_called and known and len(known) == len(reported)
        return max(known) if is_known else None

    def _next_time(self) -> float | None:
        """Return the largest simulation time among the messages of the next pass, if any."""
        times = [
            message.timestamp
            for port, message in self._receiver.initial_messages()
            if port.name != SETTINGS_IN
        ]
        return max(times, default=None)

    def _save(self, message: Message | None, *, final: bool, next_time: float | None) -> None:
        timestamp = self._snapshots.save_snapshot(
            message,
            final,
            self._due,
            self._triggers.elapsed(),
            next_time,
            self._overlays.overlay,
        )
        self._triggers.note_saved(timestamp)
